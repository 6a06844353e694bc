"""A deployment as the sum of all that was told of it, column by column: rules R2, R3, R14, R15."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tests.projections.telling import SOURCE, Story, artifact, commit, instant, when, window

if TYPE_CHECKING:
    from pathlib import Path

Event = tuple[str, str, dict[str, Any]]
"""What, hour of the fifth of March, what is told."""
Row = dict[str, Any]

OK: Final = {"outcome": "success"}
NO: Final = {"outcome": "failure"}
BAD: Final = NO | {"impact": True}
HARMLESS: Final = NO | {"impact": False}
A, B, C = (artifact(name)["digest"] for name in "abc")
A, B, C = sorted((A, B, C))
KINDS: Final = {"a": "hotfix", "b": "planned", "c": "redeploy"}


def at(hour: str) -> Any:  # noqa: ANN401 - as tables have it
    """An hour of that day."""
    return instant(f"03-05T{hour}:00")


def words(name: str) -> Row:
    """All that an event may tell of a deployment as such, each thing another one by each name."""
    digest = {"a": A, "b": B, "c": C}[name]
    return {
        "kind": KINDS[name], "artifact": {"digest": digest}, "config": digest,
        "commit": commit(name), "repository": f"r{name}", "release": name, "run": name,
        "actor": name, "ticket": name, "trigger": "manual" if name == "a" else "automatic",
        "triggered_by": name, "strategy": name, "targets": [{"site": name}],
        "remediates": [name], "rolls_back": name, "restores": name,
    }  # fmt: skip


def told(name: str, **more: Any) -> Row:  # noqa: ANN401 - JSON
    """The same as columns."""
    row = words(name) | {
        "stated_kind": KINDS[name], "targets": f'[{{"site":"{name}"}}]', "is_exact": True,
    }  # fmt: skip
    digest = row.pop("artifact")["digest"]
    del row["kind"]
    return row | {"artifacts": [digest], "content": digest, "repositories": [f"r{name}"]} | more


ONCE: Final[Row] = {
    "line": "", "service": "", "environment": "production", "source": SOURCE, "deployment": "d",
    "imported": False, "first_position": 0, "positions": [0], "started_at": None,
    "first_exposed_at": None, "stated_kind": None, "artifacts": None, "config": None,
    "commit": None, "repository": None, "release": None, "run": None, "actor": None, "ticket": None,
    "trigger": None, "triggered_by": None, "strategy": None, "targets": None, "remediates": [],
    "rolls_back": None, "restores": None, "components": 1, "succeeded": True,
    "finished_at": at("10"), "attempts": 1, "harmed_at": None, "last_harmed_at": None,
    "impact_unknown": False,
    "attempts_failed": 0, "attempts_without_impact": 0, "repositories": [], "last_position": 0,
    "assurance": "asserted", "changed_target": True, "content": None, "is_exact": False,
}  # fmt: skip
"""What there is of one that succeeded at ten, of which nothing else was told."""
FAILED: Final[Row] = {"succeeded": False, "attempts_failed": 1, "changed_target": False}
TWICE: Final[Row] = {"positions": [0, 1], "attempts": 2, "last_position": 1}
CASES: dict[str, tuple[list[Event], Row]] = {
    "once": ([("finished", "10", OK)], {}),
    # A success outweighs another end, and that a beginning; of two alike the later one holds.
    "outweighed": (
        [("finished", "10", OK | words("a")), ("finished", "11", BAD | words("b")),
         ("started", "09", words("c"))],
        told("a", positions=[0, 1, 2], started_at=at("09"), attempts=2, last_position=1,
             attempts_failed=1, harmed_at=at("11"), last_harmed_at=at("11"),
             repositories=["ra", "rb"]),
    ),
    "later success": (
        [("finished", "10", OK | words("a")), ("finished", "11", OK | words("b"))],
        told("b", repositories=["ra", "rb"]) | TWICE,
    ),
    "later end": (
        [("finished", "12", BAD | words("a")), ("finished", "11", BAD | words("b")),
         ("progressed", "10", words("c"))],
        told("b", repositories=["ra", "rb"]) | FAILED | {
            "positions": [0, 1, 2], "attempts": 2, "last_position": 1, "attempts_failed": 2,
            "harmed_at": at("11"), "last_harmed_at": at("12"), "finished_at": at("12"),
            "changed_target": True,
        },
    ),
    "begun": (
        [("started", "08", words("a")), ("progressed", "09", words("b")), ("finished", "10", OK)],
        told("b", positions=[0, 1, 2], last_position=2, started_at=at("08")),
    ),
    # What was given up counts not as an end, and outweighs what began.
    "given up": (
        [("finished", "10", HARMLESS | words("a")),
         ("finished", "11", {"outcome": "cancelled"} | words("b"))],
        told("b", artifacts=[A], content=A, config=A, repositories=["ra"]) | FAILED
        | {"positions": [0, 1], "attempts_without_impact": 1},
    ),
    "silent at last": (
        [("finished", "10", OK | {"artifact": {"digest": A}}), ("finished", "11", OK)],
        TWICE | {"artifacts": [A], "content": A, "is_exact": True},
    ),
    "empty at last": (
        [("finished", "10", OK | {"artifact": {"digest": A}}),
         ("finished", "11", OK | {"artifacts": []})],
        TWICE | {"artifacts": [A], "content": A, "is_exact": True},
    ),
    "empty of one": (
        [("finished", "10", OK | {"component": "api", "artifact": {"digest": A}}),
         ("finished", "10", OK | {"component": "web", "artifact": {"digest": B}}),
         ("finished", "10", OK | {"component": "api", "artifacts": []})],
        {"components": 2, "attempts": 3, "positions": [0, 1, 2], "last_position": 2,
         "artifacts": [A, B], "content": f"{A} {B}", "is_exact": True},
    ),
    "of nothing": ([("finished", "10", OK | {"artifacts": [], "release": "1"})],
                   {"release": "1", "content": "1"}),
    "silent on the way": (
        [("started", "08", {"artifact": {"digest": A}}), ("progressed", "09", {}),
         ("finished", "10", OK)],
        {"artifacts": [A], "content": A, "is_exact": True, "positions": [0, 1, 2],
         "last_position": 2, "started_at": at("08")},
    ),
    # Components: each once, when it first succeeded, and the last of them.
    "components": (
        [("finished", "11", OK | {"component": "web", "artifact": {"digest": A}, "config": B}),
         ("finished", "10", OK | {"component": "api", "config": A,
                                  "artifacts": [{"digest": B}, {"digest": A}]}),
         ("finished", "09", OK | {"component": "job", "config": A})],
        {"components": 3, "attempts": 3, "positions": [0, 1, 2], "last_position": 2,
         "finished_at": at("11"), "artifacts": [A, B], "content": f"{A} {B}", "is_exact": True,
         "config": f"{A} {B}"},
    ),
    "half": (
        [("finished", "10", OK | {"component": "api"}),
         ("finished", "09", HARMLESS | {"component": "web"})],
        TWICE | FAILED | {"components": 2, "attempts_without_impact": 1},
    ),
    "retried": (
        [("finished", "09", HARMLESS), ("finished", "10", OK), ("finished", "11", HARMLESS)],
        {"attempts": 3, "attempts_failed": 2, "attempts_without_impact": 2,
         "positions": [0, 1, 2], "last_position": 2},
    ),
    "unknown": ([("finished", "09", NO), ("finished", "10", OK)],
                TWICE | {"attempts_failed": 1, "impact_unknown": True}),
    # What was said of it later.
    "assessed": (
        [("assessed", "08", {"remediates": ["z"], "rolls_back": "w", "kind": "planned"}),
         ("finished", "10", OK | {"remediates": ["x"], "rolls_back": "y"})],
        {"first_position": 1, "positions": [1, 0], "last_position": 1, "stated_kind": "rollback",
         "remediates": ["z"], "rolls_back": "w"},
    ),
    "assessed in part": (
        [("finished", "10", OK | {"remediates": ["x"]}), ("assessed", "11", {"rolls_back": "w"})],
        {"positions": [0, 1], "stated_kind": "rollback", "remediates": ["x"], "rolls_back": "w"},
    ),
    "taking back": ([("finished", "10", OK | {"rolls_back": "y"})],
                    {"stated_kind": "rollback", "rolls_back": "y"}),
    # When it began and was first exposed, by whoever says the earliest.
    "begun twice": (
        [("started", "09", {}), ("started", "09", {"started_at": "07"}), ("progressed", "05", {}),
         ("finished", "10", OK | {"started_at": "08", "first_exposed_at": "09"}),
         ("progressed", "09", {"first_exposed_at": "08"})],
        {"started_at": at("07"), "first_exposed_at": at("08"), "positions": [0, 1, 2, 3, 4],
         "last_position": 3},
    ),
    "begun later": ([("started", "09", {"started_at": "11"}), ("finished", "10", OK)],
                    {"started_at": at("11"), "positions": [0, 1], "last_position": 1}),
    "committed": ([("finished", "10", OK | {"commit": commit("1"), "release": "1"})],
                  {"commit": commit("1"), "release": "1", "content": commit("1"),
                   "is_exact": True}),
    "released": ([("finished", "10", OK | {"release": "1"})], {"release": "1", "content": "1"}),
    "of three": (
        [("finished", "10", OK | {"repository": name}) for name in ("r2", "r1", "r1")],
        {"components": 1, "attempts": 3, "positions": [0, 1, 2], "last_position": 2,
         "repository": "r1", "repositories": ["r1", "r2"]},
    ),
}  # fmt: skip
SURE: dict[tuple[str, ...], tuple[bool, str]] = {
    ("imported",): (True, "imported"), ("imported", "asserted"): (False, "imported"),
    ("asserted",): (False, "asserted"), ("observed", "asserted"): (False, "asserted"),
    ("observed",): (False, "observed"), ("decided", "observed"): (False, "observed"),
    ("decided",): (False, "decided"),
}  # fmt: skip


def test_r2_r3_r14_r15_all_that_is_told_of_a_deployment_as_one_row(tmp_path: Path) -> None:
    """Each of a service of its own; positions are counted from its first event."""
    story, first, expected = Story(), {}, {}
    for service, (events, row) in CASES.items():
        first[service] = 1 + len(story.told())
        for number, (what, hour, more) in enumerate(events):
            _tell(story, what, hour, service, more | {"attempt": number})
        expected[service] = row
    for levels, (imported, least) in SURE.items():
        service = " ".join(levels)
        first[service] = 1 + len(story.told())
        for number, level in enumerate(levels):
            what = "progressed" if number else "finished"
            _tell(story, what, "10", service, OK, assurance=level)
        positions = [*range(len(levels))]
        expected[service] = {"imported": imported, "assurance": least, "positions": positions}
    # Of no service.
    story.put("deployment.finished", json.dumps({"source": SOURCE, "data": OK}).encode())
    with window(story, tmp_path) as view:
        rows = view.table("deployment_totals").to_pylist()
    found = {}
    for row in rows:
        del row["deployment_key"]
        for name in ("first_position", "last_position"):
            row[name] -= first[row["service"]]
        row["positions"] = [one - first[row["service"]] for one in row["positions"]]
        found[row["service"]] = row
    assert found == {
        service: ONCE | {"service": service, "line": f"{service}@production"} | row
        for service, row in expected.items()
    }
    assert len(rows) == len(found)


def _tell(
    story: Story, what: str, hour: str, service: str, more: Row, *, assurance: str = "asserted"
) -> None:
    """An event through no door: what any of them may tell is not the question here."""
    data = {"deployment": "d", "service": service, "environment": "production"} | more
    for name in ("started_at", "first_exposed_at"):
        if name in data:
            data[name] = when(f"03-05T{data[name]}:00")
    event = {"source": SOURCE, "time": when(f"03-05T{hour}:00"), "data": data}
    story.put(f"deployment.{what}", json.dumps(event).encode(), assurance=assurance)
