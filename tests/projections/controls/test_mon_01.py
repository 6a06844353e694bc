"""MON-01, SEC-02 and PRI-01: are controls tested, keys used in their life, people forgotten?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.log.by import By
from tests.projections.controls.judging import ANNA, Shop, full_items, items

if TYPE_CHECKING:
    from pathlib import Path

OURS = {"framework": "OURS", "control": "c1"}
WEAK: dict[str, Any] = OURS | {"owner": ANNA, "due": "2026-03-20T10:00:00Z"}


def test_controls_are_tested_in_each_interval_and_weaknesses_mended(tmp_path: Path) -> None:
    """By their date, to the second."""
    shop = Shop()
    shop.say("control.evaluated", "03-01T10:00", outcome="violated", **OURS)
    weaknesses: dict[str, tuple[dict[str, Any], str | None, tuple[str, str]]] = {
        "mended": ({}, "03-20T10:00", ("satisfied", "a weakness that was mended by its date")),
        "mended-late": (
            {}, "03-20T10:00:01", ("violated", "a weakness that is not mended by its date"),
        ),
        "open": ({}, None, ("violated", "a weakness that is not mended by its date")),
        "mended-as-an-import-says": (
            {}, "03-20T10:00", ("insufficient-evidence", "it is too weakly assured"),
        ),
        "not-due": ({"due": "2026-06-01T10:00:00Z"}, None, ("not-applicable", "not due yet")),
        "told-again": ({}, "03-20T10:00", ("satisfied", "a weakness that was mended by its date")),
        "found-again": (
            {}, "03-10T10:00", ("violated", "a weakness that is not mended by its date"),
        ),
        "put-off": ({}, None, ("not-applicable", "not due yet")),
        "put-off-too-late": (
            {}, None, ("violated", "a weakness that is not mended by its date"),
        ),
        "nobodys": ({"owner": None}, None, ("violated", "a weakness without an owner")),
        "open-ended": ({"due": None}, None, ("violated", "a weakness without a date")),
    }  # fmt: skip
    for name, (more, closed, _) in weaknesses.items():
        shop.say("deficiency.opened", "03-02T10:00", deficiency=name, **WEAK | more)
        if closed is not None:
            sure = "imported" if "import" in name else "asserted"
            shop.say("deficiency.closed", closed, deficiency=name, assurance=sure, **OURS)
    for name, time in (("found-again", "03-10T10:00:01"), ("told-again", "03-02T10:00")):
        shop.say("deficiency.opened", time, "03-25T10:00", deficiency=name, assurance="imported",
                 **WEAK)  # fmt: skip
    for name, time in (("put-off", "03-20T09:00"), ("put-off-too-late", "03-20T10:01")):
        shop.say("deficiency.opened", time, time, deficiency=name, assurance="imported",
                 **WEAK | {"due": "2026-06-01T10:00:00Z"})  # fmt: skip
    shop.build("04-10T10:00", "a", "1")
    rows = full_items(shop, tmp_path, "MON-01")
    (again,) = [row for row in rows if row["item_key"].endswith("told-again")]
    assert again["assurance"] == "imported"
    found = items(shop, tmp_path, "MON-01")
    assert found.pop("2026-03-01T10:00:00Z") == ("satisfied", "tested")
    assert found.pop("2026-03-31T10:00:00Z") == ("violated", "not done in the interval")
    assert found == {name: expected for name, (_, _, expected) in weaknesses.items()}


def test_keys_are_used_within_their_life(tmp_path: Path) -> None:
    """Not after they were revoked, and not for longer than the limit."""
    shop = Shop()
    revoked, beside, lent = (f"crd_{letter * 32}" for letter in "def")
    enrolled = {
        "young": "03-01T10:00", "old": "01-01T10:00", "replaced": "01-01T10:00",
        revoked: "03-01T10:00", beside: "01-01T10:00", lent: "03-01T10:00",
    }  # fmt: skip
    for name, time in enrolled.items():
        shop.say("key.enrolled", time, credential=name, assurance="decided")
    shop.say("key.rotated", "02-01T10:00", credential="replaced", assurance="imported")
    shop.say("key.revoked", "03-05T10:00", credential=revoked, assurance="decided")
    shop.say("key.rotated", "02-01T10:00", credential="of-the-ledger", assurance="decided")
    shop.say("key.rotated", "02-01T10:00", credential=beside, assurance="decided")
    shop.say("key.revoked", "03-05T10:00", credential="of-a-source", assurance="decided")
    doubtful = shop.build("03-04T10:00", "a", "1", by=By("wkl_" + "e" * 32, lent, "key"))
    shop.say("key.revoked", "03-05T10:00", credential=lent, compromised_from=doubtful,
             assurance="decided")  # fmt: skip
    shop.build("03-06T10:00", "a", "1", by=By("wkl_" + "e" * 32, revoked, "key"))
    shop.build("04-01T10:00:01", "a", "1", by=By("wkl_" + "e" * 32, beside, "key"))
    shop.build("04-10T10:00", "a", "1")
    rows = full_items(shop, tmp_path, "SEC-02")
    assert {row["item_key"]: row["assurance"] for row in rows}["key replaced"] == "imported"
    assert items(shop, tmp_path, "SEC-02", {"max_age_days": 90}) == {
        "young": ("satisfied", "used within its life"),
        "replaced": ("satisfied", "used within its life"),
        "old": ("violated", "older than its limit"),
        revoked: ("violated", "used after its end"),
        beside: ("violated", "older than its limit"),
        lent: ("insufficient-evidence", "it signed while it may have been in other hands"),
        "of-the-ledger": ("insufficient-evidence", "nobody says how old it is"),
    }


def test_people_are_forgotten_in_time(tmp_path: Path) -> None:
    """From the request, in the ledger's own time."""
    shop = Shop()
    told: dict[str, tuple[str, str | None, str | None, tuple[str, str]]] = {
        "a": ("03-01T10:00", None, "03-31T10:00", ("satisfied", "erased in time")),
        "b": ("03-01T10:00", None, "03-31T10:00:01", ("violated", "not erased in time")),
        "c": ("03-01T10:00", None, None, ("violated", "not erased in time")),
        "d": ("04-01T10:00", None, None, ("not-applicable", "not due yet")),
        "e": ("03-01T10:00", "cancelled", None, ("not-applicable", "the request was refused")),
    }
    expected = {}
    for letter, (time, outcome, erased, word) in told.items():
        person = f"per_{letter * 32}"
        position = shop.say("erasure.requested", time, person=person, outcome=outcome,
                            assurance="decided")  # fmt: skip
        expected[str(position)] = word
        if erased is not None:
            shop.say("person.erased", erased, person=person, assurance="decided")
    shop.build("04-10T10:00", "a", "1")
    assert items(shop, tmp_path, "PRI-01") == expected
