"""Who made what is approved, and which facts tell it."""

from __future__ import annotations

from typing import Any

import pytest

from domain.decisions.authorship import Authorship
from domain.decisions.fact import (
    ArtifactDescribed,
    ArtifactPublished,
    AttestationVerified,
    BuildFinished,
    ChangeMerged,
    CommitPushed,
    Fact,
    PersonLinked,
    RefUpdated,
    ReleaseCreated,
)
from domain.errors import RefusedError

BOB = "per_bob"
SHA, OTHER = "c" * 40, "d" * 40
DIGEST, ANOTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64
COMMIT = {"kind": "commit", "commit": SHA}
IMAGE = {"kind": "artifact", "digest": DIGEST}
RELEASE = {"kind": "release", "release": "1.4"}
OF_ARTIFACT = {
    BuildFinished, ArtifactPublished, ArtifactDescribed, AttestationVerified, ReleaseCreated,
}  # fmt: skip


def after(*facts: Fact) -> Authorship:
    """The authorship of a commit, an artifact and a release of the shop, after these facts."""
    authorship = Authorship([COMMIT, IMAGE, RELEASE], "shop")
    for fact in facts:
        authorship.learn(fact)
    return authorship


def tags(authorship: Authorship) -> list[str]:
    """What the selectors look for."""
    return [tag for one in authorship.selectors() for tag in one.tags]


ASKED = [f"commit:{SHA}", f"artifact:{DIGEST}"]


def test_subjects_are_looked_for_by_what_they_are() -> None:
    """A release by its stream, an artifact by tag and stream; a plan's digest is no artifact's."""
    found = after().selectors()
    assert [list(one.tags) for one in found] == [
        [f"commit:{SHA}"], [f"artifact:{DIGEST}"], [f"stream:artifact/{DIGEST}"],
        ["stream:release/shop@1.4"],
    ]  # fmt: skip
    assert set(found[1].types) == set(found[2].types) == OF_ARTIFACT
    assert set(found[3].types) == {ReleaseCreated}
    plan = {"kind": "plan", "digest": DIGEST, "release": "1.4"}
    assert Authorship([plan], "shop").selectors() == []
    assert Authorship([RELEASE], None).selectors() == []


def test_three_hundred_commits_are_the_most() -> None:
    """Each is a condition of its own."""
    subjects = [{"kind": "commit", "commit": f"{number:040x}"} for number in range(301)]
    assert len(Authorship(subjects[:300], None).selectors()) == 300
    with pytest.raises(RefusedError, match="over 300 commits"):
        Authorship(subjects, None).selectors()


def release(**said: Any) -> ReleaseCreated:  # noqa: ANN401 - JSON
    """A release of the shop."""
    return ReleaseCreated({"service": "shop", "version": "1.4"} | said)


@pytest.mark.parametrize(
    "fact",
    [
        release(author=BOB),
        RefUpdated({"ref": "refs/heads/x", "commits": [{"sha": SHA, "authors": [BOB]}]}),
        RefUpdated({"ref": "refs/heads/x", "after": SHA, "pusher": BOB}),
        ChangeMerged({"commit": SHA, "last_pusher": BOB}),
        ChangeMerged({"commit": OTHER, "head": SHA, "author": BOB}),
        CommitPushed({"commit": SHA, "committer": BOB}),
    ],
    ids=["a release", "a commit of a push", "a push", "a change", "a change's head", "a commit"],
)
def test_who_made_it_is_told_by(fact: Fact) -> None:
    """Its author, committer or whoever pushed it."""
    assert after(fact).persons == {BOB}


@pytest.mark.parametrize(
    "fact",
    [
        release(service="other", author=BOB, commit=OTHER),
        release(version="1.5", author=BOB, commit=OTHER),
        BuildFinished({"service": "shop", "version": "1.4", "author": BOB, "commit": OTHER}),
        BuildFinished({"artifact": {"name": "no digest"}, "commit": OTHER}),
        PersonLinked({"artifact": {"digest": DIGEST}, "commit": OTHER}),
        RefUpdated({"ref": "refs/heads/x", "after": OTHER, "pusher": BOB}),
        RefUpdated({"ref": "refs/heads/x", "commits": [{"sha": OTHER, "authors": [BOB]}]}),
        RefUpdated({"ref": "refs/tags/x", "after": SHA, "pusher": BOB}),
        ChangeMerged({"commit": OTHER, "author": BOB}),
        CommitPushed({"commit": OTHER, "authors": [BOB]}),
    ],
    ids=["another service", "another version", "a build", "no digest", "another type",
         "another push", "another commit of a push", "a tag", "another change", "another commit"],
)  # fmt: skip
def test_nothing_is_told_by(fact: Fact) -> None:
    """What is of something else, or by whoever did not make it."""
    assert after(fact).persons == set()
    assert f"commit:{OTHER}" not in tags(after(fact))


@pytest.mark.parametrize(
    "fact",
    [
        release(commit=OTHER),
        BuildFinished({"artifacts": [{"digest": ANOTHER}, {"digest": DIGEST}], "commit": OTHER}),
        ArtifactPublished({"artifact": {"digest": DIGEST}, "commit": OTHER}),
        ChangeMerged({"commit": SHA, "head": OTHER}),
    ],
    ids=["a release", "one of several artifacts", "the artifact", "the head of a change"],
)
def test_another_commit_stands_behind_it_after(fact: Fact) -> None:
    """So whoever made that one made it."""
    assert f"commit:{OTHER}" in tags(after(fact))
    assert after(fact, CommitPushed({"commit": OTHER, "authors": [BOB]})).persons == {BOB}


def test_the_artifacts_of_a_release_are_its_subjects() -> None:
    """As if they had been named."""
    found = tags(after(release(artifacts=[{"digest": ANOTHER}], artifact={"digest": "x:1"})))
    assert {f"artifact:{ANOTHER}", "artifact:x:1"} <= set(found)
