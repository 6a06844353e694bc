"""What keeps a window from being whole, each gap counted to the second: rules R1, R2a, R6, R8, R14.

All that is left out of an answer happens at the edges of its two windows, and is in them or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.deploying import CONTROLLER
from tests.projections.telling import (
    Story,
    commit,
    deployed,
    impaired,
    instant,
    pushed,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

# One in the baseline, two in the window.
EDGES = ("03-02T00:00", "03-05T00:00", "03-08T23:59:59", "03-09T00:00", "03-15T23:59:59",
         "03-16T00:00")  # fmt: skip
WINDOW = ("03-09T00:00", "03-16T00:00")
ASKED: dict[str, Any] = {
    "baseline_from": instant("03-02T00:00"), "baseline_to": instant("03-05T00:00"),
    "bucket": "week", "group_by": "service", "commit_time_basis": "merged",
}  # fmt: skip
UNKNOWN = "incidents of unknown tier"
FAMILIES = ("deployment", "incident", "commit", "change", "build", "ref", "alert")


@pytest.fixture(scope="module")
def story() -> Story:
    """A quarter in which something of every sort is missing."""
    told = Story()
    for service, team, repository in (("shop", "till", "r1"), ("pay", "money", "r2")):
        told.tell("service.registered", when("03-01T00:00"), service=service, team=team,
                  repositories=[{"repository": repository}])  # fmt: skip
    for number in range(4):
        pushed(told, f"known {number}", "03-01T10:00", repository="r2")
    # Its first success may be silent, and so may be what another source repeats.
    deployed(told, "first", "02-20T10:00", "first")
    deployed(told, "known", "03-12T10:00", "known", commits=[commit("known 0")])
    deployed(told, "sync", "03-12T10:01", "known", source=CONTROLLER)
    deployed(told, "several", "03-12T10:00", service="pay", commits=[
        commit(name) for name in ("known 1", "known 2", "known 3", "nowhere", "nobody's")
    ])  # fmt: skip
    deployed(told, "several too", "03-12T10:00", service="cart", commits=[commit("lost")])
    for at in EDGES:
        tell_edge(told, at)
    deployed(told, "blue sync", "03-10T10:00", environment="blue", source=CONTROLLER)
    impaired(told, "nowhere at all", "03-10T10:00", environment=None)
    for service, environment in (("pay", "teal"), ("shop", "green")):
        impaired(told, environment, "03-10T10:00", environment=environment, service=service)
    # Of these nothing is missing.
    told.tell("change.merged", when("03-02T10:00"), repository="r2", number=1, method="rebase",
              merge_commit=commit("known 1"))  # fmt: skip
    impaired(told, "known", "03-13T10:00", caused_by="known")
    each_family(told)
    for family, position in each_family(told):
        told.tell("event.voided", when("03-20T10:00"), assurance="decided", reason=family,
                  position=position)  # fmt: skip
    for _, position in each_family(told):
        told.redact(position)
    return told


def each_family(told: Story) -> list[tuple[str, int]]:
    """One event of each sort that numbers hang on."""
    at = when("03-10T10:00")
    return [
        ("deployment", deployed(told, "gone", "03-10T10:00", environment="staging")),
        ("incident", told.tell("incident.opened", at, incident="gone")),
        ("commit", pushed(told, "gone", "03-10T10:00")),
        ("change", told.tell("change.proposed", at, repository="r1", number=9)),
        ("build", told.tell("build.finished", at, outcome="success", service="gone")),
        ("ref", told.tell("ref.updated", at, repository="r1", ref="main", after=commit("gone"))),
        ("alert", told.tell("alert.fired", at, fingerprint="gone")),
    ]


def tell_edge(told: Story, at: str) -> None:
    """Of everything that makes a gap, one at an instant."""
    deployed(told, f"blue {at}", at, environment="blue")
    deployed(told, f"silent {at}", at, at)
    deployed(told, f"stray {at}", at, source=CONTROLLER)
    impaired(told, f"open {at}", at, environment="blue")
    impaired(told, f"ended {at}", "02-20T10:00", restored=at, environment="blue")
    impaired(told, f"guess {at}", at, caused_by="nowhere", service=None, services=["shop", "pay"])
    told.tell("event.voided", when("03-20T10:00"), assurance="decided", reason="n",
              position=told.tell("alert.fired", when(at), fingerprint=at))  # fmt: skip


def test_each_gap_is_told_of_the_window_and_of_the_baseline_and_not_of_their_steps(
    story: Story, tmp_path: Path
) -> None:
    """One in the baseline, two in the window, and what stands in the midst of it."""
    with window(story, tmp_path, *WINDOW, **ASKED) as view:
        rows = view.table("window_gaps").to_pylist()
    found = {
        (row["part"], row["window_from"].day, row["window_to"].day, row["gap"], row["name"]):
        row["items"]
        for row in rows
    }  # fmt: skip
    assert len(found) == len(rows)
    at_the_edges = {
        ("unknown tier", "blue"): 1, (UNKNOWN, "blue"): 2, ("unmatched report", CONTROLLER): 1,
        ("unresolved changes", "shop@production"): 1, ("cause not found", "nowhere"): 1,
        ("voided", "alert"): 1,
    }  # fmt: skip
    within = {
        ("unresolved changes", "cart@production"): 1,
        ("unknown commits", "pay@production"): 2, ("unknown commits", "cart@production"): 1,
        ("commits without a time", "shop@production"): 1,
        ("commits without a time", "pay@production"): 2,
        (UNKNOWN, "teal"): 1, (UNKNOWN, "green"): 1,
        **{(gap, family): 1 for family in FAMILIES for gap in ("voided", "redacted")},
        ("voided", "alert"): 3,
    }  # fmt: skip
    assert found == {
        ("baseline", 2, 5, *key): items for key, items in at_the_edges.items()
    } | {
        ("window", 9, 16, *key): items
        for key, items in ({key: 2 * one for key, one in at_the_edges.items()} | within).items()
    }  # fmt: skip


def test_r13_of_incidents_whose_place_nobody_knows_only_those_that_are_asked_for_are_told(
    story: Story, tmp_path: Path
) -> None:
    """By the services that they touch, their teams and repositories, or the place itself."""
    cases: list[tuple[dict[str, str], str]] = [
        ({"service": "pay"}, "teal"), ({"team": "money"}, "teal"), ({"repository": "r2"}, "teal"),
        ({"environment": "green"}, "green"),
    ]  # fmt: skip
    for asked, expected in cases:
        with window(story, tmp_path, *WINDOW, **asked) as view:
            rows = view.table("window_gaps").to_pylist()
        assert [row["name"] for row in rows if row["gap"] == UNKNOWN] == [expected]


def test_r14_each_correction_says_what_it_takes_away_and_who_agreed(tmp_path: Path) -> None:
    """An event, or its bytes."""
    told = Story()
    one, other = (deployed(told, name, "03-05T10:00") for name in "ab")
    for what, position, more in (
        ("event.voided", one, {"reason": "n", "second": "ann"}),
        ("part.redacted", other, {"parts": ["event"], "second": "bob"}),
        ("event.voided", other, {"reason": "n"}),
    ):  # fmt: skip
        data: dict[str, Any] = {"position": position} | more
        told.tell(what, when("03-06T10:00"), assurance="decided", **data)
    with window(told, tmp_path) as view:
        rows = view.table("corrections").to_pylist()
    assert [
        (row["position"], row["voided"], row["redacted"], row["second"]) for row in rows
    ] == [(3, one, None, "ann"), (4, None, other, "bob"), (5, other, None, None)]  # fmt: skip
