"""CHG-11: is the population complete?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.controls.judging import ANNA, REPOSITORY, Shop, full_items

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


def test_a_silence_is_made_up_for_or_explained(tmp_path: Path) -> None:
    """By a comparison of all of it with that kind of source, or by somebody's word."""
    shop = Compared()
    for name, kind in (("hooks", "github"), ("runner", "jenkins"), ("other", "jenkins")):
        shop.say("source.registered", "02-01T10:00", name=name, kind=kind, assurance="decided")
    for name in ("hooks", "runner"):
        shop.say("source.gap", "03-02T10:00", name=name, since="2026-03-02T08:00:00Z",
                 assurance="decided")  # fmt: skip
    shop.say("source.gap", "03-02T10:00", name="other", since="2026-03-02T08:00:00Z",
             assurance="decided", extensions={"pipeledgertexts": "explanation"})  # fmt: skip
    shop.compare("daily", 3)
    shop.say("source.gap", "03-03T10:00", name="hooks", since="2026-03-02T23:00:00Z",
             assurance="decided")  # fmt: skip
    silence = ("violated", "a silence that nobody explains")
    assert found(shop, tmp_path, "silence") == {
        "hooks": [("satisfied", "compared afterwards"), silence],
        "runner": [silence],
        "other": [("satisfied", "somebody explains it")],
    }


def test_what_is_deployed_from_is_compared_at_all(tmp_path: Path) -> None:
    """Never is a violation only where anything else is compared."""
    shop = Compared()
    shop.deploy("d1", "03-01T10:00", "a", repository=f"{REPOSITORY}/never")
    never = ("insufficient-evidence", "this ledger knows of no comparison at all")
    assert found(shop, tmp_path, "repository") == {"never": [never]}
    shop.compare("daily", 2)
    shop.deploy("d2", "03-02T10:00", "b", repository=f"{REPOSITORY}/daily", service="daily")
    assert found(shop, tmp_path, "repository") == {"never": [("violated", "never compared")]}
