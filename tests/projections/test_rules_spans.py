"""What holds of environments, services and lines, and from when to when: rules R1, R2a and R6."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.projections.story import FIRST
from tests.projections.telling import SOURCE, Story, deployed, impaired, when, window

if TYPE_CHECKING:
    from pathlib import Path

EVER, ALWAYS = "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"
Span = tuple[Any, ...]

# What is registered of an environment, on the day that it is told or else from the one that it
# says; then the spans: tier, basis, first day, which statement tells it.
TIERS: dict[str, tuple[list[dict[str, Any]], list[Span]]] = {
    "production": ([], [("production", "name", EVER, None)]),
    "blue": ([], [(None, "name", EVER, None)]), "prod-dr": ([], [(None, "name", EVER, None)]),
    "dr": ([], [("dr", "name", EVER, None)]), "pr-7": ([], [("preview", "name", EVER, None)]),
    # What was registered by its name says that it is always so, and no more than the name.
    "prod": ([{"tier": "production", "basis": "name", "from": "05"}],
             [("production", "name", EVER, 0)]),
    "green": ([{"tier": "dr", "basis": "name"}, {"tier": "test", "basis": "name", "from": "05"}],
              [("test", "name", EVER, 1)]),
    "red": ([{"tier": "dr", "from": "04"}, {"tier": "test", "basis": "name", "from": "02"}],
            [("test", "name", EVER, 1), ("dr", "operator", "04", 0)]),
    # Else since it says, or since it was said.
    "since": ([{"tier": "dr", "from": "04"}, {"tier": "test", "told": "06"}],
              [(None, "name", EVER, None), ("dr", "operator", "04", 0),
               ("test", "operator", "06", 1)]),
    # What is said again changes nothing, but who says it does.
    "again": ([{"tier": "dr", "from": "04", "second": "ann"}, {"tier": "dr", "from": "06"},
               {"tier": "dr", "from": "08", "basis": "source"}, {"tier": "test", "from": "09"}],
              [(None, "name", EVER, None), ("dr", "operator", "04", 0), ("dr", "source", "08", 2),
               ("test", "operator", "09", 3)]),
    # A later word covers an earlier one from its beginning on.
    "covered": ([{"tier": "dr", "from": "04"}, {"tier": "test", "from": "08"},
                 {"tier": "production", "from": "06", "second": "ann"}],
                [(None, "name", EVER, None), ("dr", "operator", "04", 0),
                 ("production", "operator", "06", 2)]),
    "at once": ([{"tier": "dr", "from": "04"}, {"tier": "test", "from": "04"}],
                [(None, "name", EVER, None), ("test", "operator", "04", 1)]),
    "timeless": ([{"tier": "dr", "told": None}],
                 [(None, "name", EVER, None), ("dr", "operator", "taken in", 0)]),
}  # fmt: skip


def test_r1_each_environment_has_one_tier_at_each_time(tmp_path: Path) -> None:
    """By its name, until somebody says more."""
    story = Story()
    expected: dict[str, list[Span]] = {}
    story.tell("environment.registered", when("03-30T00:00"), environment="test", tier="dr",
               basis="name")  # fmt: skip
    expected["test"] = [("dr", "name", EVER, ALWAYS, 1, None)]
    for name, (told, spans) in TIERS.items():
        if not told:
            deployed(story, "d", "03-05T10:00", environment=name)
        said = [register(story, name, one) for one in told]
        ends = [day(start, said) for _, _, start, _ in spans[1:]]
        expected[name] = [
            (tier, basis, day(start, said), end, None if number is None else said[number],
             None if number is None else told[number].get("second"))
            for (tier, basis, start, number), end in zip(spans, [*ends, ALWAYS], strict=True)
        ]  # fmt: skip
    # A service is no environment, and nothing is said of one without a name.
    story.tell("service.registered", when("03-01T00:00"), service="x", environment="blue",
               tier="dr", effective_from=when("03-01T00:00"))  # fmt: skip
    nameless = {"source": SOURCE, "time": when("03-05T10:00"), "data": {"tier": "dr"}}
    story.put("environment.registered", json.dumps(nameless).encode())
    with window(story, tmp_path) as view:
        rows = view.table("environments").sort_by("effective_from").to_pylist()
    found: dict[str, list[Span]] = {}
    for row in rows:
        start, end = (f"{row[name]:%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0") for name in
                      ("effective_from", "effective_until"))  # fmt: skip
        found.setdefault(row["environment"], []).append(
            (row["tier"], row["basis"], start, end, row["position"], row["second"])
        )
    assert found == expected


def register(story: Story, name: str, told: dict[str, Any]) -> int:
    """Something is said of an environment; gives the position."""
    start = told.get("from")
    data = {"environment": name, "tier": told["tier"], "basis": told.get("basis"),
            "second": told.get("second"),
            "effective_from": when(f"03-{start}T00:00") if start else None}  # fmt: skip
    at = told.get("told", "30")
    if at is not None:
        return story.tell("environment.registered", when(f"03-{at}T00:00"), **data)
    event = {"source": SOURCE, "data": {key: one for key, one in data.items() if one is not None}}
    return story.put("environment.registered", json.dumps(event).encode())


def day(start: str, said: list[int]) -> str:
    """The first instant of a day, or when the last of these was taken in."""
    if start == "taken in":
        return f"{FIRST:%Y-%m-%dT%H:}{said[-1] // 60:02d}:{said[-1] % 60:02d}Z"
    return start if start.startswith("0001") else when(f"03-{start}T00:00:00")


def test_r1_an_environment_is_known_from_the_first_word_of_it_on(tmp_path: Path) -> None:
    """Whatever tells of it."""
    story = Story()
    first = [
        deployed(story, "d", "03-05T10:00", environment="deployed"),
        story.tell("incident.opened", when("03-05T10:00"), incident="i", environment="impaired"),
        story.tell("alert.fired", when("03-05T10:00"), fingerprint="f", environment="alerted"),
        story.tell("runtime.snapshot", when("03-05T10:00"), environment="seen", system="k8s",
                   complete=True, running=[]),
        story.tell("environment.registered", when("03-05T10:00"), environment="said", tier="dr"),
    ]  # fmt: skip
    names = ("deployed", "impaired", "alerted", "seen", "said")
    for name in names:
        deployed(story, name, "03-01T10:00", environment=name)
    # Of a service it says nothing, nor of places without a name.
    story.tell("service.registered", when("03-01T00:00"), service="x", environment="elsewhere")
    impaired(story, "j", "03-05T10:00", environment=None)
    story.tell("alert.fired", when("03-05T10:00"), fingerprint="g")
    for kind in ("deployment.finished", "runtime.snapshot", "environment.registered"):
        story.put(kind, json.dumps({"source": SOURCE, "data": {}}).encode())
    with window(story, tmp_path) as view:
        rows = view.table("environment_sightings").to_pylist()
    assert {row["environment"]: row["first_position"] for row in rows} == dict(
        zip(names, first, strict=True)
    )


REPOSITORIES = [{"repository": "r", "role": "source", "paths": ["a"]}]
# What is registered of a service, as above; then from when on, what changes, the statement.
SERVICES: dict[str, tuple[list[dict[str, Any]], list[tuple[str, dict[str, Any], int | None]]]] = {
    "deployed": ([], [(EVER, {}, None)]),
    "built": ([], [(EVER, {}, None)]),
    # The first word holds since ever, unless it says more, and the next one since it was said.
    "first": ([{"team": "a"}, {"team": "b", "told": "05"}],
              [(EVER, {"team": "a"}, 0), ("05", {"team": "b"}, 1)]),
    "since": ([{"team": "a", "from": "03"}], [(EVER, {}, None), ("03", {"team": "a"}, 0)]),
    "timeless": ([{"team": "a"}, {"team": "b", "told": None}],
                 [(EVER, {"team": "a"}, 0), ("taken in", {"team": "b"}, 1)]),
    # What is not named stays, each thing by itself; what is said again changes nothing.
    "each": ([{"team": "a", "from": "10"}, {"criticality": "high", "from": "11"},
              {"scope": ["pci"], "from": "12"}, {"repositories": REPOSITORIES, "from": "14"},
              {"deployment_source": {"production": SOURCE}, "from": "16"},
              {"team": "a", "criticality": "high", "scope": ["pci"], "from": "18"}],
             [(EVER, {}, None), ("10", {"team": "a"}, 0), ("11", {"criticality": "high"}, 1),
              ("12", {"scope": ["pci"]}, 2), ("14", {"repositories": REPOSITORIES}, 3),
              ("16", {"deployment_source": [("production", SOURCE)]}, 4)]),
    "beside": ([{"repositories": REPOSITORIES, "from": "13"},
                {"deployment_source": {"production": SOURCE}, "from": "15"}],
               [(EVER, {}, None), ("13", {"repositories": REPOSITORIES}, 0),
                ("15", {"deployment_source": [("production", SOURCE)]}, 1)]),
    # A later word covers an earlier one from its beginning on.
    "covered": ([{"team": "a", "criticality": "low", "from": "03"},
                 {"team": "b", "criticality": "high", "scope": ["a"], "from": "08",
                  "repositories": [], "deployment_source": {}},
                 {"team": "c", "criticality": "mid", "scope": ["b"], "from": "05",
                  "repositories": REPOSITORIES, "deployment_source": {"production": SOURCE}}],
                [(EVER, {}, None), ("03", {"team": "a", "criticality": "low"}, 0),
                 ("05", {"team": "c", "criticality": "mid", "scope": ["b"],
                         "repositories": REPOSITORIES,
                         "deployment_source": [("production", SOURCE)]}, 2)]),
    "at once": ([{"team": "a", "from": "03"}, {"team": "b", "from": "03"}],
                [(EVER, {}, None), ("03", {"team": "b"}, 1)]),
}  # fmt: skip
COLUMNS = ("team", "criticality", "scope", "repositories", "deployment_source")


def test_r2a_each_service_is_as_it_was_said_last_to_be_at_each_time(tmp_path: Path) -> None:
    """Also one of which nothing was said, but which was seen."""
    story, expected = Story(), {}
    deployed(story, "d", "03-05T10:00", service="deployed")
    story.tell("build.finished", when("03-05T10:00"), service="built", outcome="success")
    # Of no service.
    story.tell("build.finished", when("03-05T10:00"), outcome="success")
    for kind in ("deployment.finished", "service.registered"):
        story.put(kind, json.dumps({"source": SOURCE, "data": {}}).encode())
    story.tell("environment.registered", when("03-05T10:00"), environment="blue", tier="dr",
               service="other")  # fmt: skip
    for name, (told, spans) in SERVICES.items():
        said = [register_service(story, name, one) for one in told]
        held: dict[str, Any] = dict.fromkeys(COLUMNS)
        ends = [day(start, said) for start, _, _ in spans[1:]]
        for (start, more, number), end in zip(spans, [*ends, ALWAYS], strict=True):
            held |= more
            expected[name, day(start, said)] = (
                end, *held.values(), None if number is None else said[number],
            )  # fmt: skip
    with window(story, tmp_path) as view:
        rows = view.table("service_registrations").to_pylist()
    found = {}
    for row in rows:
        start, end = (f"{row[name]:%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0") for name in
                      ("effective_from", "effective_until"))  # fmt: skip
        found[row["service"], start] = (end, *(row[name] for name in COLUMNS), row["position"])
    assert found == expected
    assert len(found) == len(rows)


def register_service(story: Story, name: str, told: dict[str, Any]) -> int:
    """Something is said of a service; gives the position."""
    data = {key: one for key, one in told.items() if key not in ("from", "told")}
    if "from" in told:
        data["effective_from"] = when(f"03-{told['from']}T00:00")
    at = told.get("told", "30")
    if at is not None:
        return story.tell("service.registered", when(f"03-{at}T00:00"), service=name, **data)
    event = {"source": SOURCE, "data": {"service": name} | data}
    return story.put("service.registered", json.dumps(event).encode())
