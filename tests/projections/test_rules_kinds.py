"""Planned, hotfix, rollback, redeploy: rule R3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.telling import (
    Story,
    artifact,
    commit,
    deployed,
    failed,
    kinds,
    only,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

from tests.projections.deploying import P, R, sequence

# R3, kinds


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, "redeploy"), ({"kind": "planned"}, "planned"), ({"kind": "rollback"}, "rollback"),
        ({"remediates": ["a"]}, "hotfix"), ({"config": artifact("c")["digest"]}, "planned"),
        ({"remediates": ["a"], "kind": "planned"}, "planned"),
        ({"rolls_back": "a"}, "rollback"), ({"rolls_back": "a", "remediates": ["a"]}, "rollback"),
        ({"rolls_back": "a", "kind": "hotfix"}, "hotfix"),
    ],
)  # fmt: skip
def test_r3_what_is_stated_wins_over_what_is_inferred(
    tmp_path: Path, more: dict[str, Any], kind: str
) -> None:
    """The same artifact again."""
    story = Story()
    deployed(story, "a", "03-05T10:00", "x")
    deployed(story, "b", "03-05T11:00", "x", **more)
    with window(story, tmp_path) as view:
        assert kinds(view) == ["planned", kind]


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        # Nobody says what was deployed.
        ([{}, {}], ["planned", "planned"]),
        # The commit stands for the artifact where there is none.
        ([{"commit": commit("1")}, {"commit": commit("1")}], ["planned", "redeploy"]),
        # A version may be used again for other bytes, but coming back is coming back.
        ([{"release": "1"}, {"release": "1"}], ["planned", "planned"]),
        ([{"release": "1"}, {"release": "2"}, {"release": "1"}],
         ["planned", "planned", "rollback"]),
        # Absent and present differ.
        ([{"commit": commit("1")}, {"commit": commit("1"), "artifact": artifact("1")}],
         ["planned", "planned"]),
    ],
)  # fmt: skip
def test_r3_contents_are_compared_by_what_is_told_of_them(
    tmp_path: Path, contents: list[dict[str, Any]], expected: list[str]
) -> None:
    """Artifacts, else the commit, else the version."""
    story = Story()
    for number, told in enumerate(contents):
        deployed(story, f"d{number}", f"03-05T{10 + number}:00", **told)
    with window(story, tmp_path) as view:
        assert kinds(view) == expected


def test_r3_a_rollback_goes_back_to_what_it_names(tmp_path: Path) -> None:
    """Not to the latest with that content."""
    story = sequence(("1", {}), ("2", {}), ("1", {"kind": P}), ("3", {}), ("1", {"restores": "d1"}))
    with window(story, tmp_path) as view:
        row = only(view, "deployments", deployment="d5")
        assert (row["kind"], row["target_key"].rpartition(" ")[2]) == (R, "d1")
        assert failed(view) == {"d2"}


def test_r3_a_rollback_that_names_nothing_of_its_line_s_past_goes_back_to_nothing(
    tmp_path: Path,
) -> None:
    """Something later, of another line, or itself: there is no target, and nobody is blamed."""
    story = Story()
    deployed(story, "other", "03-05T09:00", "1", service="before")
    for named in ("d9", "other", "b"):
        for name, at, content in (("a", 10, "1"), ("x", 11, "2"), ("d9", 13, "3")):
            deployed(story, name, f"03-05T{at}:00", content, service=f"names {named}")
        deployed(story, "b", "03-05T12:00", "1", service=f"names {named}", kind="rollback",
                 restores=named)  # fmt: skip
    with window(story, tmp_path) as view:
        rows = view.table("deployments").to_pylist()
        back = [(row["target_key"], row["rolls_back_key"]) for row in rows if row["kind"] == R]
        assert back == [(None, None)] * 3
        assert failed(view) == set()
