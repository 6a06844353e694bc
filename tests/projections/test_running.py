"""What runs where, at any time, and whether that is what was deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.telling import Story, artifact, commit, deployed, instant, only, when, window

if TYPE_CHECKING:
    from pathlib import Path


def digest(name: str) -> str:
    """Of the artifact called so."""
    return artifact(name)["digest"]


def looked(
    story: Story,
    at: str,
    *running: str,
    complete: bool | None = True,
    **more: Any,  # noqa: ANN401
) -> int:
    """A snapshot of production that shows the shop running these."""
    rows = [{"service": "shop", "digest": digest(name), "replicas": 2} for name in running]
    data: dict[str, Any] = {"environment": "production", "system": "kubernetes", "running": rows}
    return story.tell("runtime.snapshot", when(at), **data | {"complete": complete} | more)


def test_what_runs_is_the_last_success_up_to_the_instant_asked_for(tmp_path: Path) -> None:
    """Whatever came later, and whatever failed without effect."""
    story = Story()
    deployed(story, "d1", "03-02T10:00", "v1", commit=commit("a"), release="1.0")
    deployed(story, "d2", "03-03T10:00", "v2")
    deployed(story, "d3", "03-04T10:00", "v3", outcome="failure", impact=False)
    deployed(story, "s1", "03-05T10:00", "v4", environment="staging")
    with window(story, tmp_path, at=instant("03-02T23:00")) as view:
        found = only(view, "running")
        assert (found["deployment"], found["artifacts"]) == ("d1", [digest("v1")])
        assert (found["commit"], found["release"]) == (commit("a"), "1.0")
        assert found["since"] == instant("03-02T10:00")
    with window(story, tmp_path) as view:
        rows = {row["line"]: row["deployment"] for row in view.table("running").to_pylist()}
        assert rows == {"shop@production": "d2", "shop@staging": "s1"}
    with window(story, tmp_path, at=instant("03-01T00:00")) as view:
        assert view.table("running").num_rows == 0


def test_what_a_failure_with_impact_left_nobody_knows_until_the_next_success(
    tmp_path: Path,
) -> None:
    """The last success is named, and what harmed it."""
    story = Story()
    deployed(story, "d1", "03-02T10:00", "v1")
    deployed(story, "d2", "03-03T10:00", "v2", outcome="failure", impact=True)
    with window(story, tmp_path) as view:
        found = only(view, "running")
        assert found["deployment"] == "d1"
        assert found["harmed_by"].endswith(" d2")
    deployed(story, "d2b", "03-03T10:00", "v2b", outcome="failure", impact=True)
    with window(story, tmp_path) as view:
        assert only(view, "running")["harmed_by"].endswith(" d2b")
    deployed(story, "d3", "03-04T10:00", "v2")
    with window(story, tmp_path) as view:
        assert only(view, "running")["harmed_by"] is None


def test_what_harms_is_the_attempt_whatever_came_of_the_deployment(tmp_path: Path) -> None:
    """A success that is tried once more and fails harms itself; what failed before it does not."""
    story = Story()
    failed: dict[str, Any] = {"outcome": "failure", "impact": True}
    deployed(story, "d1", "03-02T09:00", "v1", **failed)
    deployed(story, "d1", "03-02T10:00", "v1", attempt=2)
    deployed(story, "d1", "03-02T14:00", "v1", attempt=3, **failed)
    deployed(story, "d2", "03-02T11:00", "v2", **failed)
    deployed(story, "d3", "03-02T12:00", "v3")
    deployed(story, "d2", "03-02T13:00", "v2", attempt=2, outcome="failure", impact=False)
    deployed(story, "d4", "03-02T15:00", "v4")
    for at, running, harming in (
        ("03-02T09:30", None, "d1"), ("03-02T10:30", "d1", None), ("03-02T11:30", "d1", "d2"),
        ("03-02T13:30", "d3", None), ("03-02T14:30", "d3", "d1"), ("03-02T15:30", "d4", None),
    ):  # fmt: skip
        with window(story, tmp_path, at=instant(at)) as view:
            found = only(view, "running")
        assert found["deployment"] == running
        assert (found["harmed_by"] or "").endswith(harming or "")
        assert (found["harmed_by"] is None) == (harming is None)


def test_what_runs_is_shown_at_the_site_that_is_primary(tmp_path: Path) -> None:
    """At the instant asked for."""
    story = Story()
    deployed(story, "d1", "03-02T10:00", "v1")
    story.tell("failover.finished", when("03-03T10:00"), recovery="r1", outcome="success",
               environment="production", from_site="west", to_site="north")  # fmt: skip
    story.tell("failover.finished", when("03-05T10:00"), recovery="r2", outcome="success",
               service="shop", environment="production", from_site="north",
               to_site="south")  # fmt: skip
    story.tell("failover.finished", when("03-06T10:00"), recovery="r3", outcome="success",
               environment="production", from_site="south", to_site="west")  # fmt: skip
    sites = [("03-02T12:00", "west"), ("03-04T12:00", "north"), ("03-05T12:00", "south"),
             ("03-06T12:00", "west")]  # fmt: skip
    for at, site in sites:
        with window(story, tmp_path, at=instant(at)) as view:
            assert only(view, "running")["primary_site"] == site


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (("v2",), "as deployed"),
        (("v1",), "another runs"),
        (("v2", "v1"), "older beside it"),
        (("v2", "x"), "others beside it"),
        ((), "gone"),
    ],
)
def test_drift_is_what_runs_against_what_was_deployed(
    tmp_path: Path, seen: tuple[str, ...], state: str
) -> None:
    """By digest, in the newest snapshot."""
    story = Story()
    deployed(story, "d1", "03-02T10:00", "v1")
    deployed(story, "d2", "03-03T10:00", "v2")
    looked(story, "03-03T11:00", "v2")
    at = looked(story, "03-04T10:00", *seen)
    with window(story, tmp_path) as view:
        found = only(view, "drift")
    assert (found["state"], found["seen_positions"]) == (state, [at])
    assert found["not_seen"] == ([] if "v2" in seen else [digest("v2")])
    assert found["not_deployed"] == [digest(one) for one in seen if one != "v2"]


def test_a_part_looked_at_before_the_whole_counts_no_more_whatever_came_after(
    tmp_path: Path,
) -> None:
    """Also where the last look at everything was not a complete one."""
    story = Story()
    deployed(story, "d1", "03-02T10:00", "v2")
    looked(story, "03-03T10:00", "v1", namespaces=["shop"])
    looked(story, "03-03T11:00", "v2")
    last = looked(story, "03-03T12:00", "v2", complete=False)
    with window(story, tmp_path) as view:
        assert only(view, "drift")["seen_positions"] == [last]


def test_drift_of_several_artifacts_may_be_partly_there(tmp_path: Path) -> None:
    """One of two containers runs as deployed."""
    story = Story()
    deployed(story, "d1", "03-02T10:00", artifacts=[artifact("v1"), artifact("w1")])
    looked(story, "03-04T10:00", "v1")
    with window(story, tmp_path) as view:
        found = only(view, "drift")
    assert (found["state"], found["not_seen"]) == ("partly", [digest("w1")])


def test_what_was_looked_at_before_the_deployment_says_nothing_of_it(tmp_path: Path) -> None:
    """Nor does an incomplete look at others."""
    story = Story()
    deployed(story, "d1", "03-02T10:00", "v1")
    looked(story, "03-02T09:00", "v0")
    with window(story, tmp_path) as view:
        assert only(view, "drift")["state"] == "not looked at"
    looked(story, "03-02T11:00", complete=None)
    with window(story, tmp_path) as view:
        assert only(view, "drift")["state"] == "not looked at"


def test_a_look_at_a_part_does_not_say_that_the_rest_is_gone(tmp_path: Path) -> None:
    """Complete is what it is within its namespaces."""
    story = Story()
    deployed(story, "d1", "03-02T10:00", "v1")
    looked(story, "03-02T11:00", namespaces=["till"])
    with window(story, tmp_path) as view:
        assert only(view, "drift")["state"] == "not looked at"
    looked(story, "03-02T12:00", "v1", namespaces=["shop"])
    with window(story, tmp_path) as view:
        assert only(view, "drift")["state"] == "as deployed"
    looked(story, "03-02T13:00", "v0")
    with window(story, tmp_path) as view:
        assert only(view, "drift")["state"] == "another runs"


def test_a_redacted_snapshot_does_not_say_that_nothing_runs(tmp_path: Path) -> None:
    """The one before it holds."""
    story = Story()
    deployed(story, "d1", "03-02T10:00", "v1")
    first = looked(story, "03-02T11:00", "v1")
    story.redact(looked(story, "03-02T12:00", "v0"))
    with window(story, tmp_path) as view:
        found = only(view, "drift")
    assert (found["state"], found["seen_positions"]) == ("as deployed", [first])


def test_what_runs_and_was_never_deployed_is_drift(tmp_path: Path) -> None:
    """Nothing tells how it came there."""
    story = Story()
    looked(story, "03-02T11:00", "v1")
    with window(story, tmp_path) as view:
        found = only(view, "drift")
        assert (found["line"], found["state"]) == ("shop@production", "never deployed")
        assert (found["tier"], only(view, "running")["replicas"]) == ("production", 2)


def test_what_runs_has_the_tier_that_its_environment_has_by_then(tmp_path: Path) -> None:
    """Not the one that it had when it was deployed to."""
    story = Story()
    deployed(story, "d1", "03-02T10:00", "v1", environment="staging-eu")
    story.tell("environment.registered", when("03-03T10:00"), environment="staging-eu",
               tier="production")  # fmt: skip
    for at, tier in (("03-02T12:00", "staging"), ("03-03T12:00", "production")):
        with window(story, tmp_path, at=instant(at)) as view:
            assert only(view, "running")["tier"] == only(view, "drift")["tier"] == tier


def test_what_was_seen_is_of_the_line_that_was_deployed_whatever_its_environment_is_called(
    tmp_path: Path,
) -> None:
    """An @ in its name is part of the name."""
    story = Story()
    deployed(story, "d1", "03-02T10:00", "v1", environment="prod@eu")
    looked(story, "03-03T10:00", "v1", environment="prod@eu")
    with window(story, tmp_path) as view:
        assert only(view, "drift")["state"] == "as deployed"


def test_without_digests_configuration_or_revision_is_compared_else_nothing(
    tmp_path: Path,
) -> None:
    """A guess by the image's name would be none."""
    config = digest("config")
    for deployment, row, expected in (
        ({"config": config}, {"config": config}, ("as deployed", "config")),
        ({"config": config}, {"config": digest("other")}, ("another runs", "config")),
        ({"commit": commit("a")}, {"revisions": [commit("a")]}, ("as deployed", "revision")),
        ({"commit": commit("a")}, {"image": "shop:1"}, ("not comparable", None)),
    ):
        story = Story()
        deployed(story, "d1", "03-02T10:00", **deployment)
        looked(story, "03-03T10:00", running=[{"service": "shop", **row}])
        with window(story, tmp_path) as view:
            found = only(view, "drift")
        assert (found["state"], found["compared_by"]) == expected


def at_site(site: str, name: str) -> dict[str, Any]:
    """The running rows of a snapshot of one site."""
    return {"running": [{"service": "shop", "digest": digest(name), "site": site}]}


def test_each_site_is_looked_at_by_itself(tmp_path: Path) -> None:
    """A newer look at another site does not hide what this one runs; one at all sites does."""
    for namespaces in (None, ["shop"]):
        story = Story()
        deployed(story, "d1", "03-01T10:00", "v1")
        deployed(story, "d2", "03-02T10:00", "v2")
        looked(story, "03-02T11:00", **at_site("west", "v2"), namespaces=namespaces)
        first = looked(story, "03-02T11:30", **at_site("west", "v1"), namespaces=namespaces)
        second = looked(story, "03-02T12:00", **at_site("north", "v2"), namespaces=namespaces)
        with window(story, tmp_path) as view:
            found = only(view, "drift")
            assert (found["state"], found["seen_positions"]) == (
                "older beside it", [first, second],
            )  # fmt: skip
            assert only(view, "running")["seen_sites"] == ["north", "west"]
        third = looked(story, "03-02T12:30", "v2", namespaces=namespaces)
        with window(story, tmp_path) as view:
            assert only(view, "drift")["seen_positions"] == [third]


def test_argo_cd_sees_all_sites_at_once(tmp_path: Path) -> None:
    """What it does not show any more at one of them runs there no more."""
    story = Story()
    deployed(story, "d1", "03-02T10:00", "v2")
    looked(story, "03-02T11:00", **at_site("west", "v1"), system="argocd")
    last = looked(story, "03-02T12:00", **at_site("north", "v2"), system="argocd")
    with window(story, tmp_path) as view:
        found = only(view, "drift")
    assert (found["state"], found["seen_positions"]) == ("as deployed", [last])


def test_a_whole_look_at_one_site_leaves_parts_of_others(tmp_path: Path) -> None:
    """Of its own site, and of none that is named, older looks at parts count no more."""
    story = Story()
    deployed(story, "d1", "03-02T10:00", "v2")
    looked(story, "03-02T11:00", **at_site("north", "v0"), namespaces=["shop"])
    looked(story, "03-02T11:00", "v0", namespaces=["till"])
    west = looked(story, "03-02T11:00", **at_site("west", "v2"), namespaces=["shop"])
    last = looked(story, "03-02T12:00", **at_site("north", "v2"))
    with window(story, tmp_path) as view:
        found = only(view, "drift")
    assert (found["state"], found["seen_positions"]) == ("as deployed", [west, last])


def test_what_is_at_none_of_two_places_is_gone_when_both_were_looked_at_since(
    tmp_path: Path,
) -> None:
    """It may have been deployed to the one that was not."""
    story = Story()
    other: dict[str, Any] = {"running": [{"service": "till", "digest": digest("t1")}]}
    deployed(story, "d1", "03-02T10:00", "v1")
    looked(story, "03-02T09:00", **other)
    first = looked(story, "03-02T11:00", **other, system="docker")
    with window(story, tmp_path) as view:
        assert only(view, "drift", service="shop")["state"] == "not looked at"
    second = looked(story, "03-02T12:00", **other)
    with window(story, tmp_path) as view:
        found = only(view, "drift", service="shop")
    assert (found["state"], found["seen_positions"]) == ("gone", [first, second])
    assert found["seen_at"] == instant("03-02T11:00")


def test_a_snapshot_is_of_no_later_than_when_it_was_recorded(tmp_path: Path) -> None:
    """A clock that is ahead hides neither later looks nor later deployments."""
    story = Story()
    ahead = story.tell("runtime.snapshot", "2099-01-01T00:00:00Z", environment="production",
                       system="kubernetes", at=instant("03-02T09:00"),
                       running=[{"service": "shop", "digest": digest("v0")}])  # fmt: skip
    deployed(story, "d1", "03-02T10:00", "v1", at=instant("03-02T13:00"))
    with window(story, tmp_path) as view:
        found = only(view, "drift")
    assert (found["state"], found["seen_positions"]) == ("not looked at", [ahead])
    last = looked(story, "03-02T12:00", "v1")
    with window(story, tmp_path) as view:
        found = only(view, "drift")
    assert (found["state"], found["seen_positions"]) == ("as deployed", [last])
