"""INC-01: did every incident go through its stages?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.instant import read_time
from tests.projections.controls.judging import ANNA, Shop, items, result

if TYPE_CHECKING:
    from pathlib import Path

TEST = "INC-01"
FINE = ("satisfied", "went through its stages")
Told = dict[str, tuple[str, dict[str, Any]] | None]

# Noticed, taken on in ten minutes, over after two hours, reviewed a week later.
WHOLE: Told = {
    "opened": ("03-01T10:00", {"severity": "SEV-1"}),
    "acknowledged": ("03-01T10:10", {"acknowledged_by": ANNA}),
    "restored": ("03-01T12:00", {}),
    "resolved": ("03-02T12:00", {}),
    "assessed": ("03-08T12:00", {"reviewed": True, "cause": "change"}),
}
INCIDENTS: dict[str, tuple[Told, tuple[str, str]]] = {
    "whole": ({}, FINE),
    "less-grave-and-never-reviewed": (
        {"opened": ("03-01T10:00", {"severity": "low"}), "assessed": None}, FINE,
    ),
    "grave-by-rank-and-never-reviewed": (
        {"opened": ("03-01T10:00", {"severity": "1 - High"}), "assessed": None},
        ("violated", "never reviewed"),
    ),
    "urgent-and-never-reviewed": (
        {"opened": ("03-01T10:00", {"severity": "Highest"}), "assessed": None},
        ("violated", "never reviewed"),
    ),
    "moderate-and-never-reviewed": (
        {"opened": ("03-01T10:00", {"severity": "3 - Moderate"}), "assessed": None}, FINE,
    ),
    "of-an-odd-word-and-never-reviewed": (
        {"opened": ("03-01T10:00", {"severity": "purple"}), "assessed": None},
        ("insufficient-evidence", "it was called by a word that may mean grave or not"),
    ),
    "of-an-odd-word-and-reviewed": ({"opened": ("03-01T10:00", {"severity": "purple"})}, FINE),
    "over-in-the-future-and-never-reviewed": (
        {"restored": ("03-01T12:00", {"restored_at": "2026-12-01T12:00:00Z"}), "assessed": None},
        ("violated", "never reviewed"),
    ),
    "opened-in-the-future": (
        {"opened": ("03-01T14:00", {"severity": "SEV-1", "recorded": "03-01T10:00"}),
         "acknowledged": ("03-01T11:10", {"acknowledged_by": ANNA})},
        ("violated", "taken on late"),
    ),
    "never-taken-on": ({"acknowledged": None}, ("violated", "nobody took it on")),
    "taken-on-at-the-limit": (
        {"acknowledged": ("03-01T11:00", {"acknowledged_by": ANNA})}, FINE,
    ),
    "taken-on-a-second-late": (
        {"acknowledged": ("03-01T11:00:01", {"acknowledged_by": ANNA})},
        ("violated", "taken on late"),
    ),
    "noticed-earlier-than-told": (
        {"opened": ("03-01T10:00", {"severity": "SEV-1", "detected_at": "2026-03-01T09:00:00Z"})},
        ("violated", "taken on late"),
    ),
    "noticed-later-as-it-claims": (
        {"opened": ("03-01T10:00", {"severity": "SEV-1", "detected_at": "2026-03-01T11:30:00Z"}),
         "acknowledged": ("03-01T11:40", {"acknowledged_by": ANNA})},
        ("violated", "taken on late"),
    ),
    "taken-on-in-hindsight": (
        {"acknowledged": ("03-01T10:10", {"acknowledged_by": ANNA, "recorded": "03-05T10:00"})},
        ("insufficient-evidence", "that it was taken on was recorded afterwards"),
    ),
    "taken-on-at-no-time": (
        {"acknowledged": ("03-01T10:10", {"acknowledged_by": ANNA, "time_basis": "received"})},
        ("insufficient-evidence", "nobody says when it was taken on"),
    ),
    "of-no-severity": (
        {"opened": ("03-01T10:00", {})}, ("violated", "nobody says how grave it was"),
    ),
    "of-nobody": ({"acknowledged": ("03-01T10:10", {})}, ("violated", "nobody owned it")),
    "owned-by-name": (
        {"acknowledged": ("03-01T10:10", {}), "restored": ("03-01T12:00", {"owner": ANNA})}, FINE,
    ),
    "never-reviewed": ({"assessed": None}, ("violated", "never reviewed")),
    "assessed-without-a-review": (
        {"assessed": ("03-08T12:00", {"cause": "change"})}, ("violated", "never reviewed"),
    ),
    "reviewed-before-its-end": (
        {"assessed": ("03-01T11:00", {"reviewed": True})}, ("violated", "never reviewed"),
    ),
    "reviewed-at-the-limit": ({"assessed": ("03-15T12:00", {"reviewed": True})}, FINE),
    "reviewed-a-second-late": (
        {"assessed": ("03-15T12:00:01", {"reviewed": True})}, ("violated", "reviewed late"),
    ),
    "reviewed-in-hindsight": (
        {"assessed": ("03-08T12:00", {"reviewed": True, "recorded": "03-20T10:00"})},
        ("insufficient-evidence", "its review was recorded afterwards"),
    ),
    "called-harmless-afterwards": (
        {"assessed": ("03-09T12:00", {"severity": "low"})}, ("violated", "never reviewed"),
    ),
    "called-harmless-in-time": (
        {"opened": ("03-01T10:00", {"severity": "low"}), "assessed": None}, FINE,
    ),
    "a-breach-of-no-containment": (
        {"opened": ("03-01T10:00", {"severity": "SEV-1", "category": "security"}),
         "restored": None},
        ("violated", "nobody says when it was contained"),
    ),
    "a-breach": (
        {"opened": ("03-01T10:00", {"severity": "SEV-1", "category": "security",
                                    "contained_at": "2026-03-01T11:00:00Z"})}, FINE,
    ),
    "not-over": (
        {"restored": None, "resolved": None, "assessed": None}, ("not-applicable", "not over yet"),
    ),
    "not-over-and-nobody-is-on-it": (
        {"acknowledged": None, "restored": None, "resolved": None, "assessed": None},
        ("violated", "nobody took it on"),
    ),
    "just-over": (
        {"restored": ("03-15T12:00", {}), "resolved": None, "assessed": None},
        ("not-applicable", "its review is not due yet"),
    ),
    "known-by-its-end-alone": (
        {"opened": None, "acknowledged": None, "restored": None, "assessed": None},
        ("violated", "nobody says when it was noticed"),
    ),
}  # fmt: skip


def tell(shop: Shop, name: str, changed: Told) -> None:
    """The events of one incident."""
    for what, told in (WHOLE | changed).items():
        if told is not None:
            shop.say(f"incident.{what}", told[0], incident=name, service="shop",
                     environment="production", **told[1])  # fmt: skip


def test_each_way_to_leave_out_a_stage(tmp_path: Path) -> None:
    """As of 20 March; limits are kept to the second."""
    shop = Shop()
    for name, (changed, _) in INCIDENTS.items():
        tell(shop, name, changed)
    shop.build("03-20T10:00", "a", "1")
    found = items(shop, tmp_path, TEST)
    assert found == {name: expected for name, (_, expected) in INCIDENTS.items()}


def test_a_ledger_that_knows_of_no_stage_of_the_kind_cannot_tell(tmp_path: Path) -> None:
    """Perhaps the tool that says so is not connected."""
    shop = Shop()
    tell(shop, "i1", {"acknowledged": None, "assessed": None})
    tell(shop, "i2", {"opened": ("02-01T10:00", {"severity": "low"})})
    shop.build("03-20T10:00", "a", "1")
    assert items(shop, tmp_path, TEST)["i1"][0] == "violated"
    alone = Shop()
    tell(alone, "i1", {"acknowledged": None, "assessed": None})
    alone.build("03-20T10:00", "a", "1")
    reason = "this ledger knows of nobody who took an incident on"
    assert items(alone, tmp_path, TEST) == {"i1": ("insufficient-evidence", reason)}


def test_incidents_of_the_window_are_judged_and_voided_ones_listed(tmp_path: Path) -> None:
    """By when they began; a waiver that held then excepts."""
    shop = Shop()
    tell(shop, "in", {"acknowledged": None})
    tell(shop, "before", {"opened": ("02-01T10:00", {"severity": "SEV-1"})})
    gone = shop.say("incident.opened", "03-02T10:00", incident="gone", service="shop")
    shop.say("event.voided", "03-03T10:00", position=gone, reason="none", assurance="decided")
    window: dict[str, Any] = {
        "window_from": read_time("2026-03-01T00:00:00Z", ""),
        "window_to": read_time("2026-04-01T00:00:00Z", ""),
    }
    assert items(shop, tmp_path, TEST, **window) == {
        "in": ("violated", "nobody took it on"), "gone": ("excepted", "voided"),
    }  # fmt: skip
    assert result(shop, tmp_path, TEST, **window)["outcome"] == "violated"
