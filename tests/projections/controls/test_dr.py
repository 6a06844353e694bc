"""DR-01 and DR-02: were failing over and restoring exercised in each interval?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.instant import read_time
from tests.projections.controls.judging import Shop, full_items, result

if TYPE_CHECKING:
    from pathlib import Path

WITHIN = ("satisfied", "exercised within its targets")
MISSED = ("violated", "not done in the interval")
TARGETS = {"rto_wanted_s": 600, "rto_reached_s": 600, "rpo_wanted_s": 60, "rpo_reached_s": 60}
QUARTER = {"interval_days": 90}


def judged(
    shop: Shop,
    folder: Path,
    test: str,
    changed: dict[str, Any],
    **chosen: Any,  # noqa: ANN401
) -> dict[str, list[tuple[str, str]]]:
    """What became of the intervals of each thing, in order."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in sorted(
        full_items(shop, folder, test, changed, **chosen), key=lambda one: one["item_key"]
    ):
        found.setdefault(row["item_key"].rsplit(" ", 1)[0], []).append(
            (row["outcome"], row["reason"])
        )
    return found


EXERCISES: dict[str, tuple[list[tuple[str, dict[str, Any]]], tuple[str, str]]] = {
    "within": ([("02-01T10:00", TARGETS)], WITHIN),
    "never": ([], MISSED),
    "failed": ([("02-01T10:00", TARGETS | {"outcome": "failure"})],
               ("violated", "failed, and not tried again")),
    "failed-and-tried-again": (
        [("02-01T10:00", TARGETS | {"outcome": "failure"}), ("02-02T10:00", TARGETS)], WITHIN,
    ),
    "failed-the-second-time": (
        [("02-01T10:00", TARGETS), ("02-02T10:00", TARGETS | {"outcome": "failure"})],
        ("violated", "failed, and not tried again"),
    ),
    "too-long": ([("02-01T10:00", TARGETS | {"rto_reached_s": 600.1})],
                 ("violated", "took longer than its target")),
    "too-much-lost": ([("02-01T10:00", TARGETS | {"rpo_reached_s": 61})],
                      ("violated", "lost more than its target")),
    "nothing-lost": (
        [("02-01T10:00", TARGETS | {
            "rpo_reached_s": None, "rpo_wanted_s": None, "data_loss": False})], WITHIN,
    ),
    "not-measured": ([("02-01T10:00", TARGETS | {"rto_reached_s": None})],
                     ("insufficient-evidence", "nobody says how long it took")),
    "loss-not-measured": ([("02-01T10:00", TARGETS | {"rpo_reached_s": None})],
                          ("insufficient-evidence", "nobody says how much was lost")),
    "without-a-target": ([("02-01T10:00", TARGETS | {"rto_wanted_s": None})],
                         ("insufficient-evidence", "no target is stated")),
    "told-after-the-interval": (
        [("02-01T10:00", TARGETS | {"recorded": "04-03T10:00"})],
        ("insufficient-evidence", "it was recorded afterwards"),
    ),
    "told-in-the-interval": ([("02-01T10:00", TARGETS | {"recorded": "03-03T10:00"})], WITHIN),
    "without-a-time": ([("02-01T10:00", TARGETS | {"time_basis": "received"})],
                       ("insufficient-evidence", "it has no time of its own")),
    "from-an-import": ([("02-01T10:00", TARGETS | {"assurance": "imported"})],
                       ("insufficient-evidence", "it is too weakly assured")),
    "good-and-then-unclear": (
        [("02-01T10:00", TARGETS), ("02-02T10:00", TARGETS | {"rto_reached_s": None})], WITHIN,
    ),
}  # fmt: skip


def test_each_way_in_which_an_exercise_is_none_or_not_enough(tmp_path: Path) -> None:
    """In the ninety days from 1 January; the next ones are not over on 5 April."""
    shop = Shop()
    for name, (told, _) in EXERCISES.items():
        shop.deploy("d1", "01-01T10:00", "a", service=name)
        for number, (time, data) in enumerate(told):
            shop.say("drill.finished", time, recovery=f"{name} {number}", service=name,
                     **{"outcome": "success"} | data)  # fmt: skip
    shop.build("04-05T10:00", "a", "1")
    found = judged(shop, tmp_path, "DR-01", QUARTER)
    assert {name: rows[0] for name, rows in found.items()} == {
        name: expected for name, (_, expected) in EXERCISES.items()
    }
    # The interval under way looks back as many days: since 5 January.
    assert found["within"][1:] == [WITHIN]
    assert found["never"][1:] == [MISSED]


def test_a_service_is_due_once_it_is_there_for_an_interval(tmp_path: Path) -> None:
    """And what a whole environment exercises, each service in it does."""
    shop = Shop()
    shop.deploy("d1", "01-01T10:00", "a", service="old")
    shop.deploy("d1", "03-01T10:00", "a", service="young")
    shop.deploy("d1", "01-01T10:00", "a", service="elsewhere", environment="staging")
    shop.deploy("d1", "01-01T10:00", "a", service="abroad", environment="production-eu")
    shop.deploy("d1", "03-20T10:10:01", "a", service="younger")
    shop.say("failover.started", "03-20T10:00", recovery="f1", environment="production")
    shop.say("failover.finished", "03-20T10:10", recovery="f1", environment="production",
             outcome="success", rto_wanted_s=600, data_loss=False)  # fmt: skip
    shop.build("04-05T10:00", "a", "1")
    early = ("not-applicable", "not due yet")
    assert judged(shop, tmp_path, "DR-01", QUARTER) == {
        "old": [WITHIN, WITHIN], "young": [WITHIN], "younger": [early], "abroad": [MISSED, MISSED],
    }  # fmt: skip
    stricter = QUARTER | {"rto_minutes": 9}
    late = ("violated", "took longer than its target")
    assert judged(shop, tmp_path, "DR-01", stricter)["young"] == [late]
    window = {"window_from": read_time("2026-04-01T00:00:00Z", "")}
    assert judged(shop, tmp_path, "DR-01", {"interval_days": 365}, **window) == {
        "old": [WITHIN], "young": [WITHIN], "younger": [early], "abroad": [early],
    }  # fmt: skip


def test_a_ledger_that_knows_of_no_exercise_cannot_tell_and_waivers_hold_at_the_end(
    tmp_path: Path,
) -> None:
    """What is missed is missed in the last instant of its interval."""
    shop = Shop()
    shop.deploy("d1", "01-01T10:00", "a")
    shop.build("04-05T10:00", "a", "1")
    unknown = ("insufficient-evidence", "this ledger knows of nothing of the kind at all")
    assert judged(shop, tmp_path, "DR-01", QUARTER) == {"shop": [unknown, unknown]}
    shop.waive("w", "04-05T11:00", "DR-01", "12-01T00:00", services=["shop"])
    shop.say("drill.finished", "04-06T10:00", recovery="r", service="x", outcome="success")
    assert judged(shop, tmp_path, "DR-01", QUARTER) == {
        "shop": [MISSED, ("excepted", "waived: not done in the interval")]
    }


def test_each_set_of_backups_is_restored_and_what_came_of_it_verified(tmp_path: Path) -> None:
    """By the set, not by the service; a set that is told of no more is still there."""
    shop = Shop()
    trials: dict[str, tuple[dict[str, Any] | None, tuple[str, str]]] = {
        "verified": ({"verified": True}, ("satisfied", "restored and verified")),
        "unverified": (
            {}, ("insufficient-evidence", "nobody says that what was restored was verified"),
        ),
        "wrong": ({"verified": False}, ("violated", "what was restored was not right")),
        "failed": ({"outcome": "failure", "verified": True},
                   ("violated", "failed, and not tried again")),
        "never": (None, MISSED),
    }  # fmt: skip
    for name, (data, _) in trials.items():
        shop.say("backup.finished", "01-01T10:00", recovery=f"b {name}", backup_set=name,
                 service="shop", outcome="success")  # fmt: skip
        if data is not None:
            shop.say("restore.tested", "02-01T10:00", recovery=f"r {name}", backup_set=name,
                     service="shop", **{"outcome": "success"} | data)  # fmt: skip
    shop.build("04-01T10:00", "a", "1")
    found = judged(shop, tmp_path, "DR-02", {})
    assert {name: rows[0] for name, rows in found.items()} == {
        name: expected for name, (_, expected) in trials.items()
    }
    assert result(shop, tmp_path, "DR-01")["outcome"] == "insufficient-evidence"
