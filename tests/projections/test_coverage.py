"""What each service is covered by, what is stale, and what was never seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.projections.telling import (
    REPOSITORY,
    Story,
    artifact,
    commit,
    deployed,
    impaired,
    instant,
    only,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

AT = instant("03-20T00:00")


def states(
    story: Story,
    folder: Path,
    service: str | None = "shop",
    **chosen: Any,  # noqa: ANN401
) -> dict[str, str]:
    """Of the capabilities of a service that were ever seen."""
    with window(story, folder, **({"at": AT} | chosen)) as view:
        rows = view.table("coverage").to_pylist()
    return {
        row["capability"]: row["state"]
        for row in rows if row["service"] == service and row["state"] != "never"
    }  # fmt: skip


def test_a_service_has_a_row_for_every_capability_also_for_what_was_never_seen(
    tmp_path: Path,
) -> None:
    """A gap is a row, not an absence."""
    story = Story()
    deployed(story, "d1", "03-10T10:00", "v1")
    with window(story, tmp_path, at=AT) as view:
        rows = view.table("coverage").to_pylist()
    never = {row["capability"] for row in rows if row["state"] == "never"}
    assert {row["service"] for row in rows} == {"shop"}
    assert {
        "unit", "integration", "contract", "load", "chaos", "e2e", "coverage", "sast", "dast",
        "sca", "container", "iac", "secret", "sbom", "provenance", "policy", "approval",
        "monitoring", "incident", "backup", "recovery drill",
    } <= never  # fmt: skip
    assert {row["capability"] for row in rows} - never == {"deployment"}
    assert len({row["place"] for row in rows}) == len(rows)


EVIDENCE: list[tuple[str, str, dict[str, Any]]] = [
    ("unit", "tests.finished", {"kind": "unit", "outcome": "failure"}),
    ("tests of no stated kind", "tests.finished", {"outcome": "success"}),
    ("sast", "scan.finished", {"kind": "sast", "outcome": "success"}),
    ("scans of no stated kind", "scan.finished", {"outcome": "success"}),
    ("quality gate", "quality.evaluated", {"outcome": "failure"}),
    ("coverage", "coverage.measured", {"lines_covered": 1, "lines_valid": 2}),
    ("build", "build.finished", {"outcome": "success"}),
    ("sbom", "artifact.described", {"kind": "sbom", "artifact": artifact("v1")}),
    ("provenance", "artifact.described", {"kind": "provenance", "artifact": artifact("v1")}),
    ("signature", "artifact.signed", {"artifact": artifact("v1")}),
    ("verified attestation", "attestation.verified",
     {"artifact": artifact("v1"), "outcome": "success"}),
    ("review", "change.reviewed",
     {"repository": REPOSITORY, "number": 1, "reviewer": "bob", "verdict": "approved"}),
    ("approval", "approval.reported", {"approval": "1", "verdict": "approved"}),
    ("gate", "gate.decided", {"gate": "1", "decision": "deny"}),
    ("policy", "policy.evaluated", {"policy": "p", "decision": "allow"}),
    ("infrastructure as code", "infrastructure.applied", {"outcome": "success"}),
    ("monitoring", "alert.fired", {"fingerprint": "1"}),
    ("threat detection", "threat.detected", {"fingerprint": "1"}),
    ("backup", "backup.finished", {"recovery": "1", "outcome": "success"}),
    ("replication", "replication.measured", {"recovery": "1", "lag_s": 1}),
    ("restore", "restore.tested", {"recovery": "1", "outcome": "success"}),
    ("failover", "failover.finished", {"recovery": "1", "outcome": "success"}),
    ("recovery drill", "drill.finished", {"recovery": "1", "outcome": "success"}),
]  # fmt: skip


@pytest.mark.parametrize(("capability", "kind", "data"), EVIDENCE)
def test_an_event_covers_its_service(
    capability: str, kind: str, data: dict[str, Any], tmp_path: Path
) -> None:
    """By what it says happened."""
    story = Story()
    at = story.tell(kind, when("03-19T10:00"), service="shop", **data)
    assert states(story, tmp_path) == {capability: "seen"}
    with window(story, tmp_path, at=AT) as view:
        found = only(view, "coverage", service="shop", capability=capability)
    assert (found["last_position"], found["times"], found["bases"]) == (at, 1, ["said"])


def test_what_failed_covers_nothing_and_is_told_apart_from_what_was_never_tried(
    tmp_path: Path,
) -> None:
    """A tool that did not run to its end, a backup that was none."""
    story = Story()
    told: list[tuple[str, dict[str, Any]]] = [
        ("scan.finished", {"kind": "sca", "outcome": "error"}),
        ("backup.finished", {"recovery": "1", "outcome": "failure"}),
        ("tests.finished", {"kind": "unit", "outcome": "skipped"}),
    ]
    for kind, data in told:
        story.tell(kind, when("03-19T10:00"), service="shop", **data)
    assert states(story, tmp_path) == {"sca": "failed", "backup": "failed", "unit": "failed"}
    story.tell("scan.finished", when("03-18T10:00"), service="shop", kind="sca", outcome="success")
    with window(story, tmp_path, at=AT) as view:
        found = only(view, "coverage", service="shop", capability="sca")
    assert (found["state"], found["last_at"], found["tried_at"], found["last_outcome"]) == (
        "seen", instant("03-18T10:00"), instant("03-19T10:00"), "error",
    )  # fmt: skip


def test_what_was_seen_too_long_ago_is_stale_by_its_own_time_or_a_chosen_one(
    tmp_path: Path,
) -> None:
    """A backup of last week is, a drill of last week is not."""
    story = Story()
    for kind in ("backup.finished", "drill.finished"):
        story.tell(kind, when("03-10T10:00"), service="shop", recovery="1", outcome="success")
    assert states(story, tmp_path) == {"backup": "stale", "recovery drill": "seen"}
    assert states(story, tmp_path, stale_after_s=86_400) == {
        "backup": "stale", "recovery drill": "stale",
    }  # fmt: skip
    assert states(story, tmp_path, at=instant("03-12T00:00"))["backup"] == "seen"
    assert states(story, tmp_path, at=instant("03-10T09:00")) == {}


def test_a_ledger_that_hears_nothing_more_goes_stale(tmp_path: Path) -> None:
    """Age is counted from the instant that is asked for, also after the newest evidence."""
    story = Story()
    story.tell("backup.finished", when("03-11T10:00"), service="shop", recovery="1",
               outcome="success")  # fmt: skip
    assert states(story, tmp_path, at=instant("03-12T00:00"))["backup"] == "seen"
    assert states(story, tmp_path, at=instant("06-12T00:00"))["backup"] == "stale"


def test_without_an_instant_age_is_counted_from_what_was_recorded_last(tmp_path: Path) -> None:
    """Not from a day to come that somebody told."""
    story = Story()
    story.tell("backup.finished", when("03-19T10:00"), service="shop", recovery="1",
               outcome="success")  # fmt: skip
    story.tell("alert.fired", "2099-01-01T00:00:00Z", service="shop", fingerprint="1")
    with window(story, tmp_path) as view:
        assert only(view, "coverage", service="shop", capability="backup")["state"] == "seen"
        assert only(view, "coverage", service="shop", capability="monitoring")["state"] == "seen"


def test_evidence_is_its_service_s_by_artifact_commit_repository_or_environment(
    tmp_path: Path,
) -> None:
    """What can be told of nobody is nobody's, and is shown as that."""
    story = Story()
    story.tell("build.finished", when("03-19T09:00"), service="shop", outcome="success",
               repository=REPOSITORY, commit=commit("a"), artifact=artifact("v1"))  # fmt: skip
    deployed(story, "d1", "03-19T09:30", "v1")
    told: list[dict[str, Any]] = [
        {"kind": "sca", "artifact": artifact("v1")}, {"kind": "sast", "commit": commit("a")},
        {"kind": "secret", "repository": REPOSITORY}, {"kind": "iac", "commit": commit("x")},
    ]  # fmt: skip
    for data in told:
        story.tell("scan.finished", when("03-19T10:00"), outcome="success", **data)
    story.tell("drill.finished", when("03-19T10:00"), recovery="1", outcome="success",
               environment="production")  # fmt: skip
    with window(story, tmp_path, at=AT) as view:
        bases = {
            row["capability"]: row["bases"]
            for row in view.table("coverage").to_pylist()
            if row["service"] == "shop" and row["state"] == "seen"
        }
    assert bases == {
        "build": ["said"], "deployment": ["said"], "sca": ["artifact"], "sast": ["commit"],
        "secret": ["repository"], "recovery drill": ["environment"],
    }  # fmt: skip
    assert states(story, tmp_path, None) == {"iac": "seen"}


def test_what_was_done_for_an_environment_covers_no_service_that_came_later(
    tmp_path: Path,
) -> None:
    """It was in no backup of what was there."""
    story = Story()
    deployed(story, "d1", "03-18T10:00", "v1")
    story.tell("backup.finished", when("03-19T10:00"), recovery="1", outcome="success",
               environment="production")  # fmt: skip
    deployed(story, "d2", "03-19T11:00", "t1", service="till")
    assert states(story, tmp_path) == {"deployment": "seen", "backup": "seen"}
    assert states(story, tmp_path, "till") == {"deployment": "seen"}


def test_an_incident_of_no_service_is_nobody_s(tmp_path: Path) -> None:
    """As everything is that names none; one that any report of it names a service of is not."""
    story = Story()
    impaired(story, "i2", "03-19T09:00", restored="03-19T10:00")
    assert states(story, tmp_path, None) == {}
    impaired(story, "i1", "03-19T10:00", service=None)
    assert states(story, tmp_path, None) == {"incident": "seen"}


def test_an_incident_covers_every_service_that_it_names(tmp_path: Path) -> None:
    """And a snapshot every service that it shows."""
    story = Story()
    impaired(story, "i1", "03-19T10:00", services=["till"])
    story.tell("runtime.snapshot", when("03-19T10:00"), environment="production", system="docker",
               running=[{"service": "fleet"}, {"service": "fleet"}])  # fmt: skip
    assert states(story, tmp_path) == states(story, tmp_path, "till") == {"incident": "seen"}
    assert states(story, tmp_path, "fleet") == {"runtime snapshot": "seen"}
    with window(story, tmp_path, at=AT) as view:
        assert only(view, "coverage", service="fleet", capability="runtime snapshot")["times"] == 1
