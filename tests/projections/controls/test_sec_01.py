"""SEC-01: was every secret rotated in time?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.instant import read_time
from tests.projections.controls.judging import Shop, full_items, items

if TYPE_CHECKING:
    from pathlib import Path

TEST = "SEC-01"
FINE = ("satisfied", "never older than its limit")
OLD = ("violated", "older than its limit")
LATE = ("violated", "rotated late")

Told = list[tuple[str, str, dict[str, Any]]]
MADE: tuple[str, str, dict[str, Any]] = ("created", "03-01T10:00", {})
# Ninety days later.
LIVES: dict[str, tuple[Told, tuple[str, str]]] = {
    "young": ([("created", "04-01T10:00", {})], FINE),
    "old": ([MADE], OLD),
    "rotated-at-its-limit": ([MADE, ("rotated", "05-30T10:00", {})], FINE),
    "rotated-a-second-late": ([MADE, ("rotated", "05-30T10:00:01", {})], LATE),
    "rotated-with-no-time": (
        [MADE, ("rotated", "05-01T10:00", {"time_basis": "received"})],
        ("insufficient-evidence", "the rotation has no time of its own"),
    ),
    "rotated-in-hindsight": (
        [MADE, ("rotated", "05-01T10:00", {"recorded": "06-05T10:00"})],
        ("insufficient-evidence", "the rotation was recorded afterwards"),
    ),
    "rotated-in-an-import": (
        [MADE, ("rotated", "05-01T10:00", {"assurance": "imported"})],
        ("insufficient-evidence", "the rotation is too weakly assured"),
    ),
    "not-rotated-after-all": ([MADE, ("rotated", "05-01T10:00", {"outcome": "failure"})], OLD),
    "dated-in-the-future": ([("created", "06-01T10:00", {"recorded": "03-01T10:00"})], OLD),
    "revoked": ([MADE, ("revoked", "05-01T10:00", {})], FINE),
    "revoked-late": ([MADE, ("revoked", "06-01T10:00", {})], LATE),
    "made-again": (
        [MADE, ("revoked", "03-02T10:00", {}), ("created", "05-01T10:00", {})], FINE,
    ),
    "of-which-an-old-version-was-destroyed": (
        [("created", "02-01T10:00", {"version": "1"}), ("rotated", "03-01T10:00", {"version": "2"}),
         ("revoked", "04-01T10:00", {"version": "1"})], OLD,
    ),
    "expired-by-itself": (
        [("created", "03-01T10:00", {"expires": "2026-04-01T00:00:00Z"})], FINE,
    ),
    "lent": ([("created", "03-01T10:00", {"lease_s": 3600})], FINE),
    "seen-for-long": ([("accessed", "03-01T10:00", {"outcome": "success"})], OLD),
    "seen-of-late": (
        [("accessed", "06-01T10:00", {"outcome": "success"})],
        ("insufficient-evidence", "nobody says how old it is"),
    ),
    "seen-and-then-rotated": (
        [("accessed", "03-01T10:00", {}), ("rotated", "05-01T10:00", {})], FINE,
    ),
    "rotated-under-another-path": ([MADE, ("rotated", "05-01T10:00", {"path": "young"})], OLD),
}  # fmt: skip


def test_each_life_of_a_secret(tmp_path: Path) -> None:
    """Made, read, rotated, revoked, on 10 June; limits are kept to the second."""
    shop = Shop()
    for name, (told, _) in LIVES.items():
        for what, time, more in told:
            shop.say(f"secret.{what}", time, **{"path": name, "system": "vault"} | more)
    # What an engine makes anew for each reader is no lasting secret.
    shop.say("secret.accessed", "03-01T10:00", path="db", system="vault", engine="database")
    shop.say("secret.accessed", "03-01T10:00", path="lent", lease="l1", system="other")
    shop.build("06-10T10:00", "a", "1")
    assert items(shop, tmp_path, TEST) == {name: expected for name, (_, expected) in LIVES.items()}


def test_a_window_sees_what_was_too_old_in_it(tmp_path: Path) -> None:
    """What was late before it, or will be after it, is no matter of it."""
    shop = Shop()
    for name, rotations in {
        "late-before": ["04-05T10:00", "05-01T10:00"], "late-in": ["04-25T10:00"],
        "late-after": [],
    }.items():  # fmt: skip
        made = "02-20T10:00" if name == "late-after" else "01-01T10:00"
        shop.say("secret.created", made, path=name)
        for time in rotations:
            shop.say("secret.rotated", time, path=name)
    shop.build("06-10T10:00", "a", "1")
    window: dict[str, Any] = {
        "window_from": read_time("2026-04-10T00:00:00Z", ""),
        "window_to": read_time("2026-05-10T00:00:00Z", ""),
    }
    assert items(shop, tmp_path, TEST, **window) == {
        "late-before": FINE, "late-in": LATE, "late-after": FINE,
    }  # fmt: skip
    assert items(shop, tmp_path, TEST)["late-after"] == OLD
    rows = full_items(shop, tmp_path, TEST, **window)
    assert all(window["window_from"] <= row["occurred_at"] < window["window_to"] for row in rows)


def test_a_ledger_that_knows_of_no_rotation_cannot_tell(tmp_path: Path) -> None:
    """Perhaps nobody has connected the store of secrets."""
    shop = Shop()
    shop.say("secret.created", "01-01T10:00", path="p")
    shop.build("06-10T10:00", "a", "1")
    assert items(shop, tmp_path, TEST) == {
        "p": ("insufficient-evidence", "this ledger knows of no rotation at all")
    }
