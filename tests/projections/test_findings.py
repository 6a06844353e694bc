"""Findings over time: when each was first seen, last seen, and closed by a scan without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.telling import (
    REPOSITORY,
    Story,
    artifact,
    commit,
    instant,
    only,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path


def scanned(story: Story, at: str, *rules: str, **more: Any) -> int:  # noqa: ANN401 - JSON
    """A scan of the shop found these; a rule after `!` was set aside."""
    found = [
        {"tool": "Trivy", "rule": rule.lstrip("!"), "fingerprint": f"print-{rule.lstrip('!')}",
         "severity": "high", "target": "lock", "suppressed": rule.startswith("!") or None}
        for rule in rules
    ]  # fmt: skip
    data = {
        "kind": "sca", "tool": "Trivy", "outcome": "success", "service": "shop",
        "counts": {"high": len(rules)}, "findings": artifact(at)["digest"] if rules else None,
    } | more  # fmt: skip
    return story.tell("scan.finished", when(at), found=found or None, **data)


def states(story: Story, folder: Path, **chosen: Any) -> dict[str, str]:  # noqa: ANN401
    """Of each rule that was ever found."""
    with window(story, folder, **chosen) as view:
        return {row["rule"]: row["state"] for row in view.table("findings").to_pylist()}


def test_a_finding_is_open_until_a_full_scan_does_not_show_it(tmp_path: Path) -> None:
    """With the scans that it was first and last seen in, and the one that closed it."""
    story = Story()
    first = scanned(story, "03-01T10:00", "a", "b")
    last = scanned(story, "03-02T10:00", "a", commit=commit("x"))
    gone = scanned(story, "03-04T10:00")
    with window(story, tmp_path) as view:
        one, two = (only(view, "findings", rule=rule) for rule in "ab")
    assert (one["state"], one["severity"], one["target"]) == ("closed", "high", "lock")
    assert (one["first_position"], one["last_position"], one["closed_position"]) == (
        first, last, gone,
    )  # fmt: skip
    assert (one["first_seen_at"], one["last_seen_at"], one["closed_at"]) == (
        instant("03-01T10:00"), instant("03-02T10:00"), instant("03-04T10:00"),
    )  # fmt: skip
    assert (one["times"], one["episodes"], one["open_s"]) == (2, 1, 3 * 86_400)
    assert (one["services"], one["commit"]) == (["shop"], commit("x"))
    assert (two["closed_position"], two["open_s"]) == (last, 86_400)


def test_what_a_document_tells_twice_is_one_finding_of_the_gravest_severity(
    tmp_path: Path,
) -> None:
    """At the first place that it tells."""
    story = Story()
    one = {"tool": "Trivy", "rule": "a", "fingerprint": "1"}
    found = [
        one | {"severity": severity, "target": target}
        for severity, target in (("low", "y"), ("critical", "x"), ("unknown", "w"))
    ]
    story.tell("scan.finished", when("03-01T10:00"), kind="sca", tool="Trivy", outcome="success",
               service="shop", findings=artifact("f")["digest"], found=found)  # fmt: skip
    with window(story, tmp_path) as view:
        row = only(view, "findings")
    assert (row["severity"], row["target"], row["times"]) == ("critical", "y", 1)


def test_a_scan_dated_in_days_to_come_closes_nothing_that_is_seen_again(tmp_path: Path) -> None:
    """It was told when it was recorded."""
    story = Story()
    scanned(story, "03-20T00:00", "a")
    at = scanned(story, "12-31T10:00")
    with window(story, tmp_path) as view:
        found = only(view, "findings")
    assert (found["closed_position"], found["closed_at"]) == (at, instant("03-20T00:00:02"))
    scanned(story, "03-20T00:00:03", "a")
    assert states(story, tmp_path) == {"a": "open"}


def test_runs_of_one_report_close_nothing_of_each_other(tmp_path: Path) -> None:
    """A file may hold several runs of one tool; a later one closes all of them once."""
    story = Story()
    for rules in ("a", "", "b"):
        scanned(story, "03-01T10:00", *rules)
    assert states(story, tmp_path) == {"a": "open", "b": "open"}
    scanned(story, "03-02T10:00", "b")
    gone = scanned(story, "03-02T10:00", "c")
    with window(story, tmp_path) as view:
        rows = {row["rule"]: row for row in view.table("findings").to_pylist()}
    assert {rule: row["state"] for rule, row in rows.items()} == {
        "a": "closed", "b": "open", "c": "open",
    }  # fmt: skip
    assert (rows["a"]["closed_position"], rows["b"]["episodes"]) == (gone - 1, 1)


def test_what_was_open_at_an_earlier_instant_is_told_as_it_was(tmp_path: Path) -> None:
    """The later scan does not count yet."""
    story = Story()
    scanned(story, "03-01T10:00", "a")
    scanned(story, "03-04T10:00", "b")
    assert states(story, tmp_path) == {"a": "closed", "b": "open"}
    assert states(story, tmp_path, at=instant("03-03T00:00")) == {"a": "open"}


@pytest.mark.parametrize(
    "more",
    [
        {"outcome": "error"},
        {"extent": "changes"},
        {"extent": "unknown"},
        {"tool": "Grype"},
        {"kind": "secret"},
        {"service": "till"},
        {"environment": "staging"},
        {"ref": "refs/heads/feature"},
        {"target": "other"},
        {"counts": {"high": 3}},
        {"counts": None},
    ],
)
def test_a_scan_of_something_else_or_of_less_closes_nothing(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    """Nor one that failed, nor one whose findings nobody has."""
    story = Story()
    scanned(story, "03-01T10:00", "a")
    scanned(story, "03-02T10:00", **more)
    assert states(story, tmp_path) == {"a": "open"}


def test_a_finding_that_comes_again_is_open_again_since_then(tmp_path: Path) -> None:
    """It was first seen before, and came twice."""
    story = Story()
    scanned(story, "03-01T10:00", "a")
    scanned(story, "03-02T10:00", "b")
    scanned(story, "03-03T10:00", "a", "b")
    scanned(story, "03-04T10:00", "a", "b")
    with window(story, tmp_path) as view:
        one, two = (only(view, "findings", rule=rule) for rule in "ab")
    assert (one["state"], one["episodes"], one["times"]) == ("open", 2, 3)
    assert (one["first_seen_at"], one["opened_at"]) == (
        instant("03-01T10:00"), instant("03-03T10:00"),
    )  # fmt: skip
    assert (one["closed_at"], one["open_s"]) == (None, None)
    assert (two["episodes"], two["opened_at"]) == (1, instant("03-02T10:00"))


def test_an_incomplete_look_shows_findings_and_ends_none(tmp_path: Path) -> None:
    """What it does not show is still there."""
    story = Story()
    scanned(story, "03-01T10:00", "a")
    scanned(story, "03-02T10:00", "b", extent="changes")
    scanned(story, "03-03T10:00", "a", "b")
    with window(story, tmp_path) as view:
        rows = view.table("findings").to_pylist()
    assert {row["rule"]: (row["state"], row["episodes"]) for row in rows} == {
        "a": ("open", 1), "b": ("open", 1),
    }  # fmt: skip


def test_how_it_was_closed_says_whether_anybody_said_that_everything_was_looked_at(
    tmp_path: Path,
) -> None:
    """Most files do not."""
    for extent, basis in (("full", "full scan"), (None, "scan of no stated extent")):
        story = Story()
        scanned(story, "03-01T10:00", "a")
        scanned(story, "03-02T10:00", extent=extent)
        with window(story, tmp_path) as view:
            assert only(view, "findings")["closed_basis"] == basis


def test_an_image_with_another_tag_is_the_same_target(tmp_path: Path) -> None:
    """And another image is another one."""
    story = Story()
    image = {"kind": "container", "target": "registry.example:5000/acme/shop:1.0"}
    scanned(story, "03-01T10:00", "a", **image)
    scanned(story, "03-02T10:00", **image | {"target": "registry.example:5000/acme/base:1.0"})
    assert states(story, tmp_path) == {"a": "open"}
    digest = artifact("v2")["digest"]
    scanned(story, "03-03T10:00", **image | {"target": f"registry.example:5000/acme/shop@{digest}"})
    assert states(story, tmp_path) == {"a": "closed"}


@pytest.mark.parametrize(
    ("more", "target"),
    [
        ({"kind": "secret", "image_id": artifact("id")["digest"]}, "registry.example/acme/shop"),
        ({"kind": "iac", "image_id": artifact("id")["digest"]}, "registry.example/acme/shop"),
        ({"kind": "secret", "artifact": artifact("v")}, "registry.example/acme/shop"),
        ({"kind": "license", "artifact": artifact("v")}, "registry.example/acme/shop"),
        ({"kind": "secret"}, "registry.example/acme/shop:1.0"),
        ({"kind": "dast", "artifact": artifact("v")}, "registry.example/acme/shop:1.0"),
    ],
)
def test_whatever_is_looked_for_in_an_image_its_tag_is_no_part_of_the_target(
    tmp_path: Path, more: dict[str, Any], target: str
) -> None:
    """A scan that says nothing of an image has the target that it names."""
    story = Story()
    image = "registry.example/acme/shop:1.0"
    scanned(story, "03-01T10:00", "a", **more, target=image)
    with window(story, tmp_path) as view:
        assert only(view, "findings")["scan_target"] == target
    scanned(story, "03-02T10:00", **more, target=image.replace("1.0", "1.1"))
    assert states(story, tmp_path) == {"a": "open" if target == image else "closed"}


def test_what_is_no_tag_stays_part_of_the_target(tmp_path: Path) -> None:
    """A port, or a drive's letter."""
    story = Story()
    for number, target in enumerate(("registry.example:5000/shop", "C:\\src")):
        scanned(story, "03-01T10:00", str(number), kind="secret", target=target,
                artifact=artifact("v"))  # fmt: skip
    with window(story, tmp_path) as view:
        told = {row["scan_target"] for row in view.table("findings").to_pylist()}
    assert told == {"registry.example:5000/shop", "C:\\src"}


def test_what_was_set_aside_is_suppressed_until_it_is_gone(tmp_path: Path) -> None:
    """It is no open finding, and not forgotten."""
    story = Story()
    scanned(story, "03-01T10:00", "a")
    at = scanned(story, "03-02T10:00", "!a", "b")
    assert states(story, tmp_path) == {"a": "suppressed", "b": "open"}
    with window(story, tmp_path) as view:
        counts = only(view, "scan_findings", position=at)
    assert (counts["high"], counts["suppressed"], counts["critical"]) == (1, 1, 0)
    scanned(story, "03-03T10:00")
    assert states(story, tmp_path) == {"a": "closed", "b": "closed"}


def test_without_a_service_findings_are_followed_by_repository(tmp_path: Path) -> None:
    """Not mixed with those of others."""
    story = Story()
    scanned(story, "03-01T10:00", "a", service=None, repository=REPOSITORY)
    scanned(story, "03-02T10:00", service=None, repository=f"{REPOSITORY}-other")
    assert states(story, tmp_path) == {"a": "open"}
    scanned(story, "03-03T10:00", service=None, repository=REPOSITORY)
    assert states(story, tmp_path) == {"a": "closed"}


def test_of_a_service_with_several_repositories_each_is_looked_at_by_itself(
    tmp_path: Path,
) -> None:
    """A scan of one closes nothing of the other."""
    story = Story()
    scanned(story, "03-01T10:00", "a", repository=REPOSITORY)
    scanned(story, "03-02T10:00", repository=f"{REPOSITORY}-web")
    assert states(story, tmp_path) == {"a": "open"}
    scanned(story, "03-03T10:00", repository=REPOSITORY)
    assert states(story, tmp_path) == {"a": "closed"}


LATER: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {}, "open"),
    ({"environment": "staging"}, {"environment": "staging"}, "open"),
    ({"artifact": artifact("v1")}, {"artifact": artifact("v2")}, "open"),
    ({"artifact": artifact("v1")}, {"artifact": artifact("v1")}, "closed"),
    ({"commit": commit("a")}, {"commit": commit("b")}, "open"),
    ({"commit": commit("a")}, {"commit": commit("a")}, "closed"),
    ({"target": "x"}, {"target": "x"}, "closed"),
    ({"kind": "baseline", "environment": "staging"}, {"environment": "test"}, "open"),
    ({"kind": "baseline", "environment": "staging"}, {"environment": "staging"}, "closed"),
]
"""What two scans tell of what they looked at, and the state of what the first one found."""


@pytest.mark.parametrize(("first", "later", "state"), LATER)
def test_a_scan_closes_nothing_of_what_nobody_says_that_it_looked_at(
    tmp_path: Path, first: dict[str, Any], later: dict[str, Any], state: str
) -> None:
    """Two that say neither service, repository nor target may be of two things."""
    story = Story()
    more: dict[str, Any] = {"service": None, "kind": first.get("kind", "sca")}
    scanned(story, "03-01T10:00", "a", **more | first)
    scanned(story, "03-02T10:00", "b", **more | later)
    assert states(story, tmp_path) == {"a": state, "b": "open"}


def test_findings_of_policies_are_followed_as_well(tmp_path: Path) -> None:
    """What a policy objected to, until it does no more."""
    story = Story()
    found = [{"tool": "conftest", "rule": "deny", "fingerprint": "1", "severity": "high"}]
    data: dict[str, Any] = {
        "policy": "p",
        "tool": "conftest",
        "service": "shop",
        "target": "deploy.yaml",
    }
    story.tell("policy.evaluated", when("03-01T10:00"), found=found, decision="deny",
               findings=artifact("f")["digest"], counts={"failure": 1}, **data)  # fmt: skip
    assert states(story, tmp_path) == {"deny": "open"}
    story.tell("policy.evaluated", when("03-02T10:00"), decision="allow", counts={"failure": 0},
               **data)  # fmt: skip
    assert states(story, tmp_path) == {"deny": "closed"}


def test_another_policy_takes_nothing_back_and_neither_does_a_part(tmp_path: Path) -> None:
    """An audit lists some of many violations; what another policy allows is nothing of it."""
    story = Story()
    found = [{"tool": "opa", "rule": "deny", "fingerprint": "1", "severity": "high"}]
    data: dict[str, Any] = {"policy": "p", "tool": "opa", "service": "shop"}
    story.tell("policy.evaluated", when("03-01T10:00"), found=found, decision="deny",
               findings=artifact("f")["digest"], counts={"deny": 1}, **data)  # fmt: skip
    clean: dict[str, Any] = {"decision": "allow", "counts": {"deny": 0}}
    story.tell("policy.evaluated", when("03-02T10:00"), **data | clean | {"policy": "q"})
    story.tell("policy.evaluated", when("03-03T10:00"), **data | clean | {"extent": "unknown"})
    assert states(story, tmp_path) == {"deny": "open"}
    story.tell("policy.evaluated", when("03-04T10:00"), **data | clean)
    assert states(story, tmp_path) == {"deny": "closed"}


def test_findings_that_were_redacted_are_a_row_that_says_so_and_close_nothing(
    tmp_path: Path,
) -> None:
    """Nobody knows what they were."""
    story = Story()
    first = scanned(story, "03-01T10:00", "a")
    second = scanned(story, "03-02T10:00", "b")
    story.redact(second, "findings")
    with window(story, tmp_path) as view:
        rows = view.table("findings").to_pylist()
        counted = view.table("scan_findings")["position"].to_pylist()
    assert [(row["rule"], row["state"], row["redacted"], row["last_position"]) for row in rows] == [
        ("a", "open", False, first), (None, "redacted", True, second),
    ]  # fmt: skip
    assert counted == [first]


def test_a_scan_that_was_voided_neither_shows_nor_closes(tmp_path: Path) -> None:
    """As if it had not been told."""
    story = Story()
    scanned(story, "03-01T10:00", "a")
    at = scanned(story, "03-02T10:00")
    story.tell("event.voided", when("03-03T10:00"), assurance="decided", position=at, reason="x")
    assert states(story, tmp_path) == {"a": "open"}
