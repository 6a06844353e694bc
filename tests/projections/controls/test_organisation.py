"""A year of an organisation: exactly what was planted is found."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from projections.asked_controls import asked_tests, built_tests
from projections.catalogue import built_in, table_of
from tests.projections.controls.judging import digest, sha
from tests.projections.controls.organisation import DELIVERIES, FIRST, LAST, Year
from tests.projections.story import viewing

if TYPE_CHECKING:
    from tests.projections.story import Story

_PLANTED: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("planted.toml").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def story() -> Story:
    """The year, with what is planted."""
    return Year({n: kind for kind, told in _PLANTED.items() for n in told["deliveries"]}).story()


@pytest.fixture(scope="module")
def judged(story: Story, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Every item of every test, over the year."""
    tests = [name for name in built_in().tests if table_of(name) in built_tests()]
    with viewing(
        story, tmp_path_factory.mktemp("year"), controls=asked_tests(built_in(), tests),
        window_from=FIRST, window_to=LAST,
    ) as view:  # fmt: skip
        found: list[dict[str, Any]] = view.table("control_items").to_pylist()
    return found


def _pushes(story: Story) -> dict[str, str]:
    """Positions of pushes, by the commit that the branch came to."""
    return {
        one["data"]["after"]: str(one["position"])
        for one in story.told()
        if one["type"] == "pipeledger.ref.updated.v1"
    }


def _last_word(item: str, number: int, pushes: dict[str, str]) -> str:
    """How the key of what is judged ends, of a delivery."""
    name = f"delivery-{number}"
    return {
        "deployment": name,
        "emergency": f"emergency-{number}",
        "artifact": digest(name),
        "change": f"#{number + 1}",
        "push": pushes[sha(name)],
        "push past review": pushes.get(sha(f"{name}-past-review"), ""),
    }[item]


def test_thirty_violations_of_twelve_kinds_are_planted() -> None:
    """No delivery twice."""
    numbers = [number for told in _PLANTED.values() for number in told["deliveries"]]
    assert len(_PLANTED) == 12
    assert len(numbers) == len(set(numbers)) == 30
    assert set(numbers) <= set(range(DELIVERIES))


def test_exactly_what_was_planted_is_found(story: Story, judged: list[dict[str, Any]]) -> None:
    """By the tests that are to find it, and nothing else by any test."""
    pushes = _pushes(story)
    expected = sorted(
        (test, _last_word(item, number, pushes))
        for told in _PLANTED.values()
        for number in told["deliveries"]
        for test, item in told["violates"].items()
    )
    found = sorted(
        (row["test"], row["item_key"].replace("#", " #").split()[-1])
        for row in judged
        if row["outcome"] == "violated"
    )
    assert found == expected


def test_the_population_of_deployments_is_whole(judged: list[dict[str, Any]]) -> None:
    """Two thousand, of every test that judges each deployment to production."""
    counts: dict[str, set[str]] = {}
    for row in judged:
        if row["item"] == "deployment":
            counts.setdefault(row["test"], set()).add(row["item_key"])
    assert {"CHG-02", "CHG-03", "CHG-07", "VUL-01", "CFG-02"} <= counts.keys()
    assert {test: len(keys) for test, keys in counts.items()} == dict.fromkeys(counts, DELIVERIES)
