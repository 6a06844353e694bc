"""Provenance of in-toto: a build, its source, what it made."""

from __future__ import annotations

from typing import Any

import pytest

from tests.intake.statements import (
    COMMIT,
    NEW,
    OLD,
    ONE,
    OTHER,
    REPOSITORY,
    RUN,
    SLSA,
    TWO,
    envelope,
    kinds,
    read,
    statement,
)


@pytest.mark.parametrize(
    ("version", "predicate"),
    [("v0.1", OLD), ("v0.2", OLD), ("v1", NEW), ("v1.0", NEW)],
)
def test_provenance_is_a_build_and_a_description_of_each_artifact(
    version: str, predicate: dict[str, Any]
) -> None:
    """Who built what, of which source, when."""
    build, first, second = read(envelope(statement(SLSA + version, predicate)))
    assert kinds([build, first, second]) == [
        "build.finished", "artifact.described", "artifact.described",
    ]  # fmt: skip
    data = build.data
    assert (build.time, data["started_at"], data["duration_s"]) == (
        "2026-01-01T10:02:00Z", "2026-01-01T10:00:00Z", 120,
    )  # fmt: skip
    assert (data["repository"], data["commit"], data["run"]) == (REPOSITORY, COMMIT, "77")
    assert (data["builder"], data["outcome"]) == ("https://ci.example/builder", "success")
    assert data["artifacts"] == [
        {"digest": f"sha256:{ONE}", "name": "shop.tgz"},
        {"digest": f"sha512:{TWO * 2}", "purl": "pkg:npm/shop@1"},
    ]
    assert "artifact" not in data
    for one, artifact in zip((first, second), data["artifacts"], strict=True):
        assert (one.data["artifact"], one.data["signed"]) == (artifact, True)
        assert (one.data["kind"], one.data["commit"]) == ("provenance", COMMIT)
        assert one.data["predicate_type"] == SLSA + version
        assert one.data["format_version"] == version


def git(uri: str, **digest: str) -> dict[str, Any]:
    """A material."""
    return {"uri": uri, "digest": digest}


@pytest.mark.parametrize(
    ("materials", "stated", "expected"),
    [
        ([git("https://github.com/a/b", sha1=COMMIT)], None, ("https://github.com/a/b", COMMIT)),
        ([git("https://x.example/a/b.git#main", sha1=COMMIT)], None,
         ("https://x.example/a/b", COMMIT)),
        ([git("git+ssh://git@x.example/a/b.git@main", gitCommit=COMMIT)], None,
         ("https://x.example/a/b", COMMIT)),
        ([git("https://user:pw@x.example/a/b", gitCommit=COMMIT)], None,
         ("https://x.example/a/b", COMMIT)),
        ([git("https://lab.example/a", sha256=COMMIT)], None, ("https://lab.example/a", COMMIT)),
        ([git(f"https://x.example/a/b/commit/{COMMIT}")], None, ("https://x.example/a/b", COMMIT)),
        ([git("https://x.example/a.tgz", sha1=COMMIT)], None, (None, None)),
        ([git("pkg:npm/a@1", sha1=COMMIT)], None, (None, None)),
        ([git("https://x.example/a.tgz", sha256=ONE)], None, (None, None)),
        ([git("git+https://x.example/a", sha1=COMMIT), git("git+https://x.example/b", sha1=OTHER)],
         None, (None, None)),
        ([git("git+https://x.example/a", sha1=COMMIT), git("git+https://x.example/b", sha1=OTHER)],
         git("git+https://x.example/b@main", sha1=OTHER), ("https://x.example/b", OTHER)),
        ([], git("git+https://x.example/b@main", sha1=OTHER), ("https://x.example/b", OTHER)),
        ([git("https://github.com/a/b", sha1=COMMIT)], git("https://ci.example/x", sha1=OTHER),
         ("https://github.com/a/b", COMMIT)),
        ([], {}, (None, None)),
        ([], None, (None, None)),
    ],
)  # fmt: skip
def test_the_source_is_the_one_repository_or_the_one_that_is_named(
    materials: list[dict[str, Any]], stated: dict[str, Any] | None, expected: tuple[str, str]
) -> None:
    """Where there are several and none is named, it is not guessed."""
    predicate = OLD | {"materials": materials, "invocation": {"configSource": stated}}
    data = read(statement(SLSA + "v0.2", predicate))[0].data
    assert (data.get("repository"), data.get("commit")) == expected


def test_builders_say_in_their_own_ways_what_was_checked_out() -> None:
    """BuildKit beside the images that it used, Tekton beside its tasks."""
    image = git("pkg:docker/alpine@3", sha256=ONE)
    vcs = {"vcs": {"source": f"{REPOSITORY}.git", "revision": COMMIT}}
    old = {"materials": [image], "invocation": {"configSource": {}},
           "metadata": {"https://mobyproject.org/buildkit@v1#metadata": vcs}}  # fmt: skip
    new = {"buildDefinition": {"externalParameters": {}, "resolvedDependencies": [image]},
           "runDetails": {"metadata": {"buildkit_metadata": vcs}}}  # fmt: skip
    for version, predicate in (("v0.2", old), ("v1", new)):
        data = read(statement(SLSA + version, predicate))[0].data
        assert (data["repository"], data["commit"]) == (REPOSITORY, COMMIT)
    vcs["vcs"]["revision"] += "-dirty"
    assert "commit" not in read(statement(SLSA + "v1", new))[0].data
    tasks = git("git+https://x.example/catalog", sha1=OTHER)
    given = git(f"git+{REPOSITORY}.git", sha1=COMMIT) | {"name": "inputs/result"}
    tekton = {"buildDefinition": {"resolvedDependencies": [tasks, given]}, "runDetails": {}}
    assert read(statement(SLSA + "v1", tekton))[0].data["commit"] == COMMIT


def test_a_run_of_github_has_the_id_that_its_webhooks_have() -> None:
    """So that it is the same run."""
    details = NEW["runDetails"] | {"metadata": {"invocationId": RUN}}
    build = read(statement(SLSA + "v1", NEW | {"runDetails": details}))[0]
    assert (build.data["run"], build.data["attempt"], build.data["url"]) == ("77", 2, RUN)
    assert build.source == "https://github.com/acme/shop"
    environment = {"github_run_id": "77", "github_run_attempt": "2", "github_actor": "mia"}
    old: dict[str, Any] = OLD | {"invocation": {**OLD["invocation"], "environment": environment}}
    build = read(statement(SLSA + "v0.2", old))[0]
    assert (build.data["run"], build.data["attempt"]) == ("77", 2)
    assert build.data["actor"] == {"system": "github", "login": "mia"}
    assert build.source == REPOSITORY
