"""What each success deployed, as whole rows: the commits, whose they are, how that is known: R6."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.projections.deploying import CONTROLLER
from tests.projections.telling import (
    SOURCE,
    Story,
    artifact,
    commit,
    deployed,
    pushed,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

Told = tuple[str, dict[str, Any]]
Row = tuple[str, str, bool, bool, bool]
"""Commit, repository, whether it is listed, whether it is known, whether its repository has a
list."""
Source = tuple[str, str | None, int, Any]
"""Commit, repository, whose word it is, all commits that were told."""


def of(name: str) -> dict[str, Any]:
    """It names a commit."""
    return {"commit": commit(name)}


def lists(*names: str) -> dict[str, Any]:
    """It lists commits."""
    return {"commits": [commit(name) for name in names]}


def has(*names: str) -> dict[str, Any]:
    """It consists of artifacts."""
    return {"artifacts": [artifact(name) for name in names]}


R1: dict[str, Any] = {"repository": "r1"}
R2: dict[str, Any] = {"repository": "r2"}
API, WEB = {"component": "api"}, {"component": "web"}
BAD: dict[str, Any] = {"outcome": "failure", "impact": False}
# What was told of a deployment of each service, event by event, and what it deployed.
CASES: dict[str, tuple[list[Told], list[Row]]] = {
    # Its own commit, in the repository that it names, else its push's, else its deployment's.
    "names": ([("finished", of("a") | R2)], [("a", "r2", False, True, False)]),
    "is pushed": ([("finished", of("a"))], [("a", "r1", False, True, False)]),
    "is unknown": ([("finished", of("x"))], [("x", "", False, False, False)]),
    "began so": ([("started", of("x") | R2), ("finished", {})], [("x", "r2", False, False, False)]),
    "in its beginning": (
        [("started", R2), ("finished", of("x"))], [("x", "r2", False, False, False)],
    ),
    "again": (
        [("finished", of("a") | R1), ("finished", of("a") | R1 | {"attempt": 2})],
        [("a", "r1", False, True, False)],
    ),
    "of two repositories": (
        [("finished", of("a") | R1 | API), ("finished", of("a") | R2 | WEB)],
        [("a", "r1", False, True, False), ("a", "r2", False, True, False)],
    ),
    "silent": ([("finished", R1)], []),
    # Only what succeeded was deployed, and only what is the line's own.
    "failed": ([("finished", of("a") | BAD), ("finished", lists("b") | BAD)], []),
    "failed first": (
        [("finished", of("a") | BAD), ("finished", lists("a") | BAD),
         ("finished", of("b") | {"attempt": 2})],
        [("b", "r1", False, True, False)],
    ),
    "elsewhere": ([("finished", of("a") | {"source": CONTROLLER})], []),
    # What it lists, and what its artifacts were built of, beside that.
    "lists": (
        [("finished", lists("a", "b", "b", "x") | R2)],
        [("a", "r2", True, True, True), ("b", "r2", True, True, True),
         ("x", "r2", True, False, True)],
    ),
    "lists none": ([("finished", {"commits": []} | of("a"))], [("a", "r1", False, True, False)]),
    "is built": (
        [("finished", has("of a", "of b", "of b too", "of nothing") | of("x"))],
        [("a", "r1", False, True, False), ("b", "r1", False, True, False)],
    ),
    "is built elsewhere": ([("finished", has("of a in r2"))], [("a", "r2", False, True, False)]),
    "is built twice": ([("finished", has("of a", "of a too"))], [("a", "r1", False, True, False)]),
    "is built of another": (
        [("finished", has("of nothing") | of("x"))], [("x", "", False, False, False)],
    ),
    "lists and is built": (
        [("finished", lists("b") | has("of a in r2"))],
        [("b", "r1", True, True, True), ("a", "r2", False, True, True)],
    ),
    # Of several components each has what is its own.
    "has components": (
        [("finished", API | has("of a") | of("x")), ("finished", WEB | of("b") | R2)],
        [("a", "r1", False, True, False), ("b", "r2", False, True, False)],
    ),
    "has a component that is built": (
        [("finished", API | has("of a")), ("finished", WEB | has("of nothing") | of("b"))],
        [("a", "r1", False, True, False), ("b", "r1", False, True, False)],
    ),
    "has one commit twice": (
        [("finished", API | has("of a")), ("finished", WEB | of("a") | R1)],
        [("a", "r1", False, True, False)],
    ),
    # What counts of a component is what it consists of in the end, and what its successes say.
    "is built again": (
        [("finished", has("of a")), ("finished", has("of nothing") | of("x") | {"attempt": 2})],
        [("x", "", False, False, False)],
    ),
    "failed with an artifact": (
        [("finished", API | has("of a") | BAD), ("finished", API | of("b") | {"attempt": 2}),
         ("finished", WEB | of("x") | R2)],
        [("a", "r1", False, True, False)],
    ),
    "has a list each": (
        [("finished", API | lists("a") | R1), ("finished", WEB | of("b") | R2)],
        [("a", "r1", True, True, True), ("b", "r2", False, True, False)],
    ),
    "began with artifacts": (
        [("started", has("of a")), ("finished", of("b"))], [("a", "r1", False, True, False)],
    ),
    "began with both": (
        [("started", has("of a") | of("b")), ("finished", {})], [("a", "r1", False, True, False)],
    ),
    # A repository that holds only what is deployed, while it does.
    **{
        f"holds {name}": ([("finished", {"at": at} | more)], rows)
        for name, at, more, rows in (
            ("before", "04T23:59:59", of("m"), [("m", "manifests", False, True, False)]),
            ("from", "05T00:00:00", of("m"), []), ("its own", "05T00:00:00", of("m") | R1, []),
            ("said", "05T00:00:00", of("x") | {"repository": "manifests"}, []),
            ("last", "07T23:59:59", of("m"), []),
            ("after", "08T00:00:00", of("m"), [("m", "manifests", False, True, False)]),
            ("source", "08T00:00:00", of("a"), [("a", "r1", False, True, False)]),
            ("another", "05T00:00:00", of("a"), [("a", "r1", False, True, False)]),
            ("built", "08T00:00:00", has("of a in r2"), [("a", "r2", False, True, False)]),
        )
    },
    "has other manifests": ([("finished", of("m"))], [("m", "manifests", False, True, False)]),
    "has both": ([("finished", of("m"))], [("m", "manifests", False, True, False)]),
}  # fmt: skip
REPOSITORIES: dict[str, list[str]] = {
    "names": ["r2"], "is pushed": [], "of two repositories": ["r1", "r2"], "silent": ["r1"],
    # Of its artifacts' builds where it names none; else the one that is registered at that time.
    "has components": ["r2"], "is built": ["r1"], "is built elsewhere": ["r2"],
    "is built twice": ["r1"], "is built of another": [], "holds built": ["r2"],
    "holds before": [], "holds from": [], "holds last": [], "holds after": ["r1"],
    "holds its own": ["r1"], "holds said": [], "has both": [],
}  # fmt: skip
# Who says what an artifact is made of: what, commit, repository, outcome; then commit, repository,
# whose word that is, and all commits that were told of it.
BUILDS: list[tuple[list[tuple[str, str | None, str | None, str | None]], Source]] = [
    # Its own build before others, and then the first.
    ([("artifact.published", "b", "r2", None), ("build.finished", "a", None, "success")],
     ("a", None, 1, "ab")),
    ([("build.finished", "a", "r1", None), ("build.finished", "b", "r2", "success")],
     ("a", "r1", 0, "ab")),
    ([("artifact.published", "b", "r1", "failure"), ("artifact.described", "a", "r2", None)],
     ("b", "r1", 0, "ab")),
    # What failed made nothing, and what did not verify says nothing.
    ([("build.finished", "a", "r1", "failure"), ("artifact.signed", "b", "r2", None)],
     ("b", "r2", 1, "b")),
    ([("attestation.verified", "a", "r1", "failure"),
      ("attestation.verified", "b", "r1", "success"),
      ("attestation.verified", "b", "r2", None)], ("b", "r1", 1, "b")),
    ([("build.finished", None, "r1", "success"), ("artifact.published", "a", "r2", None)],
     ("a", "r2", 1, "a")),
]  # fmt: skip


def tell_builds(story: Story) -> dict[str, Source]:
    """Tell what artifacts are made of; gives what holds, by digest."""
    expected = {}
    for number, (told, (name, repository, teller, commits)) in enumerate(BUILDS):
        made = artifact(f"built {number}")
        for what, source, of_repository, outcome in told:
            data = {"artifact": made, "commit": source and commit(source),
                    "repository": of_repository, "outcome": outcome}  # fmt: skip
            last = story.put(what, json.dumps({"source": SOURCE, "data": data}).encode())
        position = last + 1 - len(told) + teller
        expected[made["digest"]] = (commit(name), repository, position,
                                    sorted(commit(one) for one in commits))  # fmt: skip
    return expected


def begin(story: Story, service: str) -> None:
    """What was before a deployment of some services."""
    if service == "elsewhere":
        deployed(story, "first", "03-02T10:00", service=service)
    if service == "has both":
        story.tell(
            "service.registered", when("03-01T10:00"), service=service, repositories=[R1, R2]
        )
    if service.startswith("holds"):
        for day, one in (("05", {"repository": "manifests", "role": "manifests"}), ("08", R1)):
            story.tell("service.registered", when("03-01T10:00"), service=service,
                       repositories=[one], effective_from=when(f"03-{day}T00:00"))  # fmt: skip


def test_r6_each_success_deployed_the_commits_that_it_lists_or_is_built_of_or_names(
    tmp_path: Path,
) -> None:
    """Service by service; in the order in which they finished, else were told."""
    story = Story()
    for name, repository in (("a", "r1"), ("b", "r1"), ("m", "manifests")):
        pushed(story, name, "03-01T10:00", repository=repository)
    for name, source, more in (
        ("of a", "a", R1), ("of b", "b", {}), ("of b too", "b", {}), ("of a in r2", "a", R2),
        ("of a too", "a", R1),
    ):  # fmt: skip
        story.tell("build.finished", when("03-01T10:00"), artifact=artifact(name),
                   outcome="success", commit=commit(source), **more)  # fmt: skip
    sources = tell_builds(story)
    expected, order = {}, []
    for number, (service, (told, rows)) in enumerate(CASES.items()):
        begin(story, service)
        for what, more in told:
            data: dict[str, Any] = {
                "deployment": "d", "service": service, "environment": "production",
                "outcome": "success",
            } | more  # fmt: skip
            # The last ones of these finished first, and some of them at once.
            at = data.pop("at", f"06T{20 - number // 2:02d}:00:00")
            position = story.tell(f"deployment.{what}", when(f"03-{at}"), **data)
        expected[service] = sorted(rows)
        if rows:
            order.append((at, position, service))
    nothing = {"source": SOURCE, "time": when("03-06T10:00"), "data": {
        "deployment": "d", "service": "silent", "environment": "production", "outcome": "success",
        "commits": [None],
    }}  # fmt: skip
    story.put("deployment.finished", json.dumps(nothing).encode())
    with window(story, tmp_path) as view:
        table = view.table("deployed_commits").to_pylist()
        made_of = view.table("artifact_sources").to_pylist()
        repositories = view.table("deployment_repositories").to_pylist()
    names = {commit(name): name for name in "abmx"}
    found: dict[str, list[Row]] = {service: [] for service in CASES}
    numbers: dict[str, set[int]] = {}
    for row in table:
        service = row["line"].removesuffix("@production")
        found[service].append((
            names[row["commit"]], row["repository"], row["is_listed"], row["is_known"],
            row["has_list"],
        ))  # fmt: skip
        numbers.setdefault(service, set()).add(row["nth"])
    assert {service: sorted(rows) for service, rows in found.items()} == expected
    assert all(len(one) == 1 for one in numbers.values())
    assert sorted(numbers, key=lambda service: min(numbers[service])) == [
        service for _, _, service in sorted(order)
    ]
    assert {
        row["artifact"]: (row["commit"], row["repository"], row["position"], row["commits"])
        for row in made_of if row["artifact"] in sources
    } == sources  # fmt: skip
    found_of: dict[str, list[str]] = {}
    for row in repositories:
        service = row["deployment_key"].partition("@")[0].replace("%20", " ")
        if service in REPOSITORIES:
            assert service not in found_of
            found_of[service] = row["repositories"]
    assert found_of == REPOSITORIES
