"""Artifacts: what they were built from, what is known of them, where they went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.telling import (
    REPOSITORY,
    Story,
    artifact,
    commit,
    deployed,
    instant,
    only,
    pushed,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = artifact("v1")["digest"]


def built(story: Story, at: str, source: str, **more: Any) -> int:  # noqa: ANN401 - JSON
    """The artifact v1 was built from a commit."""
    data = {"outcome": "success", "artifacts": [artifact("v1")]} | more
    return story.tell(
        "build.finished", when(at), service="shop", repository=REPOSITORY, run="41",
        commit=commit(source), **data,
    )  # fmt: skip


def test_an_artifact_has_its_source_its_descriptions_and_its_deployments(tmp_path: Path) -> None:
    """All by its digest."""
    story = Story()
    one: dict[str, Any] = {"artifact": artifact("v1")}
    build = built(story, "03-02T10:00", "a", builder="https://ci.example/builder")
    sbom = story.tell("artifact.described", when("03-02T10:05"), kind="sbom", **one)
    slsa = story.tell("artifact.described", when("03-02T10:06"), kind="provenance", **one)
    signed = story.tell("artifact.signed", when("03-02T10:07"), **one)
    checked = story.tell("attestation.verified", when("03-02T10:08"), outcome="success", **one)
    refuted = story.tell("attestation.verified", when("03-02T10:09"), outcome="failure", **one)
    pushed = story.tell("artifact.published", when("03-02T10:10"), **one)
    scan = story.tell("scan.finished", when("03-02T10:11"), kind="sca", outcome="success", **one)
    tests = story.tell("tests.finished", when("03-02T10:12"), outcome="success", **one)
    deployed(story, "s1", "03-02T11:00", "v1", environment="staging")
    deployed(story, "d1", "03-02T12:00", "v1")
    deployed(story, "d2", "03-03T12:00", "v2")
    with window(story, tmp_path) as view:
        found = only(view, "artifacts", digest=DIGEST)
    assert (found["commit"], found["repository"], found["run"]) == (commit("a"), REPOSITORY, "41")
    assert (found["commit_position"], found["build_positions"]) == (build, [build])
    assert (found["builder"], found["services"]) == ("https://ci.example/builder", ["shop"])
    assert (found["sbom_positions"], found["provenance_positions"]) == ([sbom], [slsa])
    assert (found["signature_positions"], found["published_positions"]) == ([signed], [pushed])
    assert (found["verified_positions"], found["refuted_positions"]) == ([checked], [refuted])
    assert (found["scan_positions"], found["scan_kinds"]) == ([scan], ["sca"])
    assert (found["test_positions"], found["scanned_at"]) == ([tests], instant("03-02T10:11"))
    assert found["environments"] == ["production", "staging"]
    assert [key.rpartition(" ")[2] for key in found["deployment_keys"]] == ["s1", "d1"]
    assert (found["production_at"], found["runs_on"]) == (instant("03-02T12:00"), ["shop@staging"])


def test_a_build_says_where_an_artifact_comes_from_before_others_do(tmp_path: Path) -> None:
    """And every commit that was told of it stays listed: two are a contradiction."""
    story = Story()
    story.tell("artifact.published", when("03-02T09:00"), artifact=artifact("v1"),
               commit=commit("b"))  # fmt: skip
    built(story, "03-02T10:00", "a")
    with window(story, tmp_path) as view:
        found = only(view, "artifacts")
    assert found["commit"] == commit("a")
    assert found["commits"] == sorted([commit("a"), commit("b")])


def test_a_build_that_failed_built_nothing(tmp_path: Path) -> None:
    """Whatever it names; the one that succeeded did."""
    story = Story()
    for at, outcome, run in (("09:00", "failure", "1"), ("10:00", "success", "2")):
        story.tell("build.finished", when(f"03-02T{at}"), outcome=outcome, run=run,
                   artifact=artifact("v1"), commit=commit(run))  # fmt: skip
    story.tell("build.finished", when("03-02T11:00"), outcome="cancelled", commit=commit("3"),
               artifact=artifact("v2"))  # fmt: skip
    with window(story, tmp_path) as view:
        found = only(view, "artifacts", digest=DIGEST)
        other = only(view, "artifacts", digest=artifact("v2")["digest"])
    assert (found["built_at"], found["run"]) == (instant("03-02T10:00"), "2")
    assert (found["commit"], found["commits"]) == (commit("2"), [commit("2")])
    assert (other["commit"], other["commits"], other["build_positions"]) == (None, [], [])


def test_a_statement_that_did_not_verify_is_no_source(tmp_path: Path) -> None:
    """Neither in place of one nor against one: anybody can write it."""
    story = Story()
    built(story, "03-02T10:00", "a")
    for name in ("v1", "v2"):
        for outcome, source in (("failure", "b"), ("error", "c")):
            story.tell("attestation.verified", when("03-02T11:00"), artifact=artifact(name),
                       outcome=outcome, commit=commit(source), repository=REPOSITORY)  # fmt: skip
    with window(story, tmp_path) as view:
        found = only(view, "artifacts", digest=DIGEST)
        other = only(view, "artifacts", digest=artifact("v2")["digest"])
    assert (found["commit"], found["commits"]) == (commit("a"), [commit("a")])
    assert (other["commit"], other["repository"], other["commits"]) == (None, None, [])


def test_r6_a_build_that_failed_says_nothing_of_what_was_deployed(tmp_path: Path) -> None:
    """Then the deployment's own commit counts."""
    story = Story()
    pushed(story, "a", "03-01T01:00")
    pushed(story, "b", "03-01T02:00", "a")
    for day, name, of in ((2, "v1", "a"), (3, "v2", "b")):
        story.tell("build.finished", when("03-01T06:00"), outcome="failure",
                   artifact=artifact(name), commit=commit("a"), repository=REPOSITORY)  # fmt: skip
        deployed(story, f"d{day}", f"03-0{day}T00:00", name, commit=commit(of),
                 repository=REPOSITORY)  # fmt: skip
    with window(story, tmp_path) as view:
        (credited,) = view.table("lead_times").to_pylist()
    assert credited["commit"] == commit("b")


def test_an_artifact_that_was_only_deployed_is_there_without_a_source(tmp_path: Path) -> None:
    """Nobody told who built it."""
    story = Story()
    deployed(story, "d1", "03-02T12:00", "v1")
    with window(story, tmp_path) as view:
        found = only(view, "artifacts")
    assert (found["commit"], found["commits"], found["build_positions"]) == (None, [], [])
    assert found["runs_on"] == ["shop@production"]
