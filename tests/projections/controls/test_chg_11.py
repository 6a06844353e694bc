"""CHG-11: is the population complete?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from domain.log.by import By
from tests.projections.controls.judging import ANNA, BERT, REPOSITORY, Shop, full_items

if TYPE_CHECKING:
    from pathlib import Path

TEST = "CHG-11"
AGREE = ("satisfied", "ledger and source agree")


class Compared(Shop):
    """Comparisons of repositories, day by day."""

    def compare(self, name: str, day: int, **more: Any) -> int:  # noqa: ANN401
        """The ledger is compared with a repository for the day before; nothing differs."""
        data: dict[str, Any] = {
            "evidence": f"{name}-{day}", "system": "github", "repository": f"{REPOSITORY}/{name}",
            "since": f"2026-03-{day - 1:02}T00:00:00Z", "until": f"2026-03-{day:02}T00:00:00Z",
            "population": 5, "matched": 5, "missing_in_ledger": 0, "missing_in_source": 0,
        } | more  # fmt: skip
        return self.say("reconciliation.finished", f"03-{day:02}T00:00", **data)


def found(shop: Shop, folder: Path, kind: str, **changed: Any) -> dict[str, list[tuple[str, str]]]:  # noqa: ANN401
    """What came of each kind of item, in order, by the last word of what it is about."""
    told: dict[str, list[tuple[str, str]]] = {}
    rows = full_items(shop, folder, TEST, changed)
    for row in sorted(rows, key=lambda one: max(one["positions"])):
        if row["item"] == kind:
            name = (row["repository"] or row["item_key"].split()[0]).rsplit("/", 1)[-1]
            told.setdefault(name, []).append((row["outcome"], row["reason"]))
    return told


def test_ledger_and_source_are_compared_without_gap_and_difference(tmp_path: Path) -> None:
    """Day after day; what differs must be accounted for."""
    shop = Compared()
    told: dict[str, list[tuple[int, dict[str, Any]]]] = {
        "daily": [(2, {}), (3, {}), (4, {})],
        "differs": [(2, {"missing_in_ledger": 1}), (3, {}), (4, {})],
        "explained": [(4, {"missing_in_source": 1, "explained": 1})],
        "hides-it": [(4, {"missing_in_ledger": 2, "unexplained": 0})],
        "gap": [(2, {}), (4, {"since": "2026-03-02T00:00:01Z"})],
        "seldom": [(2, {}), (4, {"since": "2026-03-01T00:00:00Z"})],
        "says-nothing": [(4, {"population": None, "missing_in_ledger": None})],
        "ahead-of-time": [(4, {"until": "2026-03-09T00:00:00Z"})],
        "weak": [(4, {"assurance": "imported"})],
        "given-up": [(2, {})],
    }
    for day in (2, 3, 4):
        for name, ones in told.items():
            for when, more in ones:
                if when == day:
                    shop.compare(name, day, **more)
    shop.commit("last", "03-05T00:00", ANNA, recorded="03-05T00:00")
    differs = ("violated", "differences that nobody explains")
    assert found(shop, tmp_path, "comparison") == {
        "daily": [AGREE] * 3,
        "differs": [differs, AGREE, AGREE],
        "explained": [AGREE],
        "hides-it": [differs],
        "gap": [AGREE, ("violated", "some time before it was never compared")],
        "seldom": [AGREE, ("violated", "compared too seldom")],
        "says-nothing": [("insufficient-evidence", "nobody says what was compared")],
        "ahead-of-time": [AGREE],
        "weak": [("insufficient-evidence", "the assurance of the comparison is too low")],
        "given-up": [AGREE],
    }
    assert found(shop, tmp_path, "source") == {
        "given-up": [("violated", "not compared for too long")]
    }
    lax = found(shop, tmp_path, "comparison", max_unexplained=2, reconcile_every_days=2)
    assert lax["differs"] == [AGREE] * 3
    assert lax["hides-it"] == [AGREE]
    assert lax["seldom"] == [AGREE] * 2


def test_a_silence_is_made_up_for_by_a_comparison_of_all_of_it(tmp_path: Path) -> None:
    """With that kind of source, and up to when it was heard of again, not noticed."""
    shop = Compared()
    by = {name: By(BERT, "crd_" + letter * 32, "token") for name, letter in (
        ("hooks", "1"), ("runner", "2"), ("late", "3"), ("quiet", "4"),
    )}  # fmt: skip
    for name, who in by.items():
        shop.say("source.registered", "02-01T10:00", name=name, assurance="decided", every_s=3600,
                 kind="jenkins" if name == "runner" else "github",
                 credential=who.credential)  # fmt: skip
        since = "2026-03-02T23:00:00Z" if name == "late" else "2026-03-02T08:00:00Z"
        shop.say("source.gap", "03-02T10:00", name=name, since=since, assurance="observed")
    shop.commit("1", "03-02T12:00", ANNA, by=by["hooks"])
    shop.commit("2", "03-02T12:00", ANNA, by=by["runner"])
    shop.compare("daily", 3)
    shop.commit("3", "03-03T00:01", ANNA, by=by["late"])
    shop.say("source.gap", "03-03T10:00", name="hooks", since="2026-03-02T23:00:00Z",
             assurance="observed")  # fmt: skip
    silence = ("violated", "a silence that no comparison made up for")
    assert found(shop, tmp_path, "silence") == {
        "runner": [silence],
        "late": [silence],
        "quiet": [silence],
        "hooks": [("satisfied", "compared afterwards"), silence],
    }


def test_what_was_last_compared_before_the_window_is_not_forgotten(tmp_path: Path) -> None:
    """As long as anything is deployed from it; what rests is left in peace."""
    shop = Compared()
    for name in ("used", "resting"):
        shop.compare(name, 2)
    shop.compare("whole", 2, repository=None, system="registry")
    shop.deploy("d1", "06-01T10:00", "a", repository=f"{REPOSITORY}/used")
    overdue = ("violated", "not compared for too long")
    april = datetime(2026, 4, 1, tzinfo=UTC)
    rows = full_items(shop, tmp_path, TEST, window_from=april)
    told = {row["item_key"].rsplit("/", 1)[-1]: row for row in rows}
    assert {name: (row["outcome"], row["reason"]) for name, row in told.items()} == {
        "used": overdue, "registry": overdue,
    }  # fmt: skip
    assert {row["occurred_at"] for row in rows} == {april}


def test_what_is_deployed_from_is_compared_at_all(tmp_path: Path) -> None:
    """Never is a violation only where anything else is compared."""
    shop = Compared()
    shop.deploy("d1", "03-01T10:00", "a", repository=f"{REPOSITORY}/never")
    never = ("insufficient-evidence", "this ledger knows of no comparison at all")
    assert found(shop, tmp_path, "repository") == {"never": [never]}
    shop.compare("daily", 2)
    shop.deploy("d2", "03-02T10:00", "b", repository=f"{REPOSITORY}/daily", service="daily")
    assert found(shop, tmp_path, "repository") == {"never": [("violated", "never compared")]}
