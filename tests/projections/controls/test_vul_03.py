"""VUL-03 and VUL-04: are exceptions governed, and was everything scanned in each interval?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.instant import read_time
from tests.projections.controls.judging import ANNA, BERT, CLEO, Shop, full_items, items, result

if TYPE_CHECKING:
    from pathlib import Path

GOVERNED = ("satisfied", "granted by somebody else, with an end")
SELF = ("violated", "granted by the person who asked for it")
WAIVERS: dict[str, tuple[str, dict[str, Any], tuple[str, str]]] = {
    "governed": ("04-01T10:00", {}, GOVERNED),
    "of-ninety-days": ("05-30T10:00:01", {}, GOVERNED),
    "of-a-second-more": (
        "05-30T10:00:02", {}, ("violated", "it lasts longer than its limit"),
    ),
    "granted-to-oneself": ("04-01T10:00", {"requester": BERT}, SELF),
    "granted-by-another-account": ("04-01T10:00", {"approver": CLEO}, SELF),
    "asked-for-by-nobody": (
        "04-01T10:00", {"requester": None}, ("violated", "nobody says who asked for it"),
    ),
    "granted-by-a-machine": (
        "04-01T10:00", {"approver": "wkl_" + "e" * 32}, ("violated", "no person granted it"),
    ),
    "granted-after-its-end": (
        "03-01T10:00", {}, ("violated", "granted after its end"),
    ),
}  # fmt: skip


def test_a_waiver_is_granted_by_somebody_else_with_an_end(tmp_path: Path) -> None:
    """Accounts that were linked, before or after, are one person."""
    shop = Shop()
    for name, (until, more, _) in WAIVERS.items():
        told = {"expires": f"2026-{until}{'' if until.count(':') > 1 else ':00'}Z"} | more
        shop.waive(name, "03-01T10:00", "CHG-02", "04-01T10:00", **told)
    shop.say("person.linked", "03-05T10:00", person=ANNA, other=CLEO, assurance="decided")
    found = items(shop, tmp_path, "VUL-03")
    assert found == {name: expected for name, (_, _, expected) in WAIVERS.items()}
    window: dict[str, Any] = {"window_from": read_time("2026-05-01T00:00:00Z", "")}
    assert set(items(shop, tmp_path, "VUL-03", **window)) == {"of-ninety-days", "of-a-second-more"}
    assert result(Shop(), tmp_path, "VUL-03")["outcome"] == "insufficient-evidence"


def test_each_service_is_scanned_as_a_whole_in_each_interval(tmp_path: Path) -> None:
    """A crash, changes alone and another service's scan are none."""
    shop = Shop()
    scans: dict[str, tuple[dict[str, Any] | None, tuple[str, str]]] = {
        "scanned": ({}, ("satisfied", "scanned")),
        "crashed": ({"outcome": "error"}, ("violated", "not done in the interval")),
        "in-part": (
            {"extent": "changes"},
            ("insufficient-evidence", "nothing shows that all of it was scanned"),
        ),
        "by-its-licences": ({"kind": "license"}, ("violated", "not done in the interval")),
        "never": (None, ("violated", "not done in the interval")),
        "in-hindsight": (
            {"recorded": "04-10T10:00"}, ("insufficient-evidence", "it was recorded afterwards"),
        ),
    }  # fmt: skip
    for name, (more, _) in scans.items():
        shop.deploy("d1", "01-01T10:00", "a", service=name)
        if more is not None:
            shop.scan("02-01T10:00", name, service=name, **more)
    shop.build("04-01T10:00", "a", "1")
    changed = {"interval_days": 90}
    window: dict[str, Any] = {"window_to": read_time("2026-04-01T10:00:00Z", "")}
    rows = full_items(shop, tmp_path, "VUL-04", changed, **window)
    found = {row["service"]: (row["outcome"], row["reason"]) for row in rows}
    assert found == {name: expected for name, (_, expected) in scans.items()}
