"""Reports as whole rows: what each did, which component it is of, which deployment it repeats."""

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
    instant,
    when,
    window,
)

if TYPE_CHECKING:
    from pathlib import Path

Told = tuple[str, str, dict[str, Any]]
Reports = dict[str, str | None]

X: dict[str, Any] = {"artifact": artifact("x")}
Y: dict[str, Any] = {"artifact": artifact("y")}
C: dict[str, Any] = {"commit": commit("c")}


def begun(at: str) -> dict[str, Any]:
    """It says when it began."""
    return {"started_at": when(f"03-05T{at}")}


# Of each line its own deployments; then what another source reports, and what that is a report of.
REPEATED: dict[str, tuple[list[Told], list[tuple[Told, str | None]]]] = {
    # Within an hour on either side, of the same artifact.
    "hour": ([("a", "10:00", X)], [
        (("last", "11:00", X), "a"), (("late", "11:00:01", X), None), (("first", "09:00", X), "a"),
        (("early", "08:59:59", X), None), (("other", "10:00", Y), None),
        (("bare", "10:00", {}), None),
    ]),
    # Or the same commit; one of several artifacts is enough.
    "parts": ([("a", "10:00", {"artifacts": [artifact("x"), artifact("z")]} | C)], [
        (("by commit", "10:01", Y | C), "a"), (("only commit", "10:01", C), "a"),
        (("by one", "10:01", {"artifacts": [artifact("y"), artifact("z")]}), "a"),
        (("by none", "10:01", Y | {"commit": commit("d")}), None),
    ]),
    "commits": ([("a", "10:00", C), ("b", "10:20", {})], [
        (("same", "10:01", C), "a"), (("nothing", "10:20", {}), None),
    ]),
    # The nearest one in time, else the one that was told last.
    "nearest": ([("a", "10:00", X), ("b", "10:40", X)], [
        (("near a", "10:19", X), "a"), (("near b", "10:21", X), "b"),
        (("between", "10:20", X), "b"), (("at b", "10:40", X), "b"), (("after b", "10:50", X), "b"),
        (("before a", "09:50", X), "a"),
    ]),
    "nearest too": ([("b", "10:40", X), ("a", "10:00", X)], [(("between", "10:20", X), "a")]),
    "even": ([("a", "10:00", X), ("b", "10:00", X)], [(("then", "10:00", X), "b")]),
    "even too": ([("b", "10:00", X), ("a", "10:00", X)], [
        (("then", "10:10", X), "a"), (("before", "09:50", X), "a"),
    ]),
    # What overlaps it, to the second.
    "long report": ([("a", "10:00", X)], [
        (("begins then", "14:00", X | begun("10:00")), "a"),
        (("begins after", "14:00", X | begun("10:00:01")), None),
        (("begins before", "14:00", X | begun("09:00")), "a"),
    ]),
    "long": ([("a", "14:00", X | begun("10:00"))], [
        (("as it begins", "10:00", X), "a"), (("before it", "09:59:59", X), None),
        (("within", "12:00", X), "a"),
    ]),
    # A long one lies behind another that ended in its course, or with it.
    "spanning": ([("long", "18:00", X | begun("08:00")), ("near", "12:00", X)], [
        (("then", "10:00", X), "long"), (("as it begins", "08:00", X), "long"),
        (("before", "07:59:59", X), None), (("near", "11:00", X), "near"),
        (("of another", "10:00", Y), None), (("after", "15:00", X), "long"),
    ]),
    "spanning too": ([("long", "18:00", X | begun("08:00")), ("short", "18:00", X)], [
        (("then", "10:00", X), "long"), (("as it ends", "18:00", X), "short"),
    ]),
    "spanning three": (
        [("long", "18:00", X | begun("08:00")), ("mid", "17:00", X | begun("09:00")),
         ("near", "12:00", X)],
        [(("then", "10:00", X), "mid"), (("earlier", "08:30", X), "long")],
    ),
    # What ran elsewhere at that time is another line's.
    "elsewhere": ([("a", "10:00", Y), ("b", "16:00", Y | begun("07:00"))], [
        (("then", "10:00", X), None), (("later", "10:30", X), None), (("long", "09:00", Y), "a"),
        (("yes", "08:00", Y), "b"),
    ]),
}  # fmt: skip


def test_r2a_each_report_of_another_source_is_of_one_deployment_or_a_difference(
    tmp_path: Path,
) -> None:
    """Line by line."""
    story, expected = Story(), {}
    for line, (own, reports) in REPEATED.items():
        for name, at, more in own:
            deployed(story, name, f"03-05T{at}", service=line, **more)
        for (name, at, more), match in reports:
            position = deployed(story, name, f"03-05T{at}", service=line, source=CONTROLLER, **more)
            expected[f"{line}@production", name] = (
                CONTROLLER, instant(f"03-05T{at}"), [position], match, match is None,
            )  # fmt: skip
    with window(story, tmp_path) as view:
        rows = view.table("corroborations").to_pylist()
        names = {
            row["deployment_key"]: (row["line"], row["deployment"])
            for row in view.table("deployment_totals").to_pylist()
        }
    assert {
        names[row["deployment_key"]]: (
            row["source"], row["finished_at"], row["positions"],
            row["corroborated_key"] and names[row["corroborated_key"]][1], row["is_difference"],
        )
        for row in rows
    } == expected  # fmt: skip
    assert {(row["line"], row["deployment"]) for row in rows} == set(expected)
    assert all(
        names[row["corroborated_key"]][0] == row["line"] for row in rows if row["corroborated_key"]
    )


OK, NO = {"outcome": "success"}, {"outcome": "failure"}
ENDED = ("cancelled", "skipped")
HELD: dict[str, Any] = {"targets": [{"site": "eu", "share": 0}]}
REACHED: dict[str, Any] = {"targets": [{"site": "eu", "outcome": "success"}]}
# What is told of a deployment, and each of its ends: whether it had an impact, which component.
ENDS: dict[str, tuple[list[Told], list[tuple[bool | None, str]]]] = {
    "success": ([("finished", "10:00", OK | {"impact": True} | REACHED)], [(None, "")]),
    "harmed": ([("finished", "10:00", NO | {"impact": True} | HELD)], [(True, "")]),
    "harmless": ([("finished", "10:00", NO | {"impact": False} | REACHED)], [(False, "")]),
    "open": ([("finished", "10:00", NO | {"impact": "unknown"})], [(None, "")]),
    "open but reached": (
        [("finished", "10:00", NO | {"impact": "unknown"} | REACHED)], [(True, "")],
    ),
    "silent": ([("finished", "10:00", NO)], [(None, "")]),
    "held": ([("finished", "10:00", NO | HELD)], [(False, "")]),
    # What was said later of it holds, also that nobody knows.
    **{
        f"said {said}": (
            [("finished", "10:00", NO | {"impact": not found} | HELD),
             ("assessed", "11:00", {"impact": said})],
            [(found, "")],
        )
        for said, found in ((True, True), (False, False), ("unknown", None))
    },
    "success that is said to harm": (
        [("finished", "10:00", OK), ("assessed", "11:00", {"impact": True})], [(None, "")],
    ),
    # Any event of the attempt tells that it reached a target, and of no other attempt.
    "step by step": (
        [("progressed", "09:00", REACHED | {"attempt": 1}),
         ("progressed", "09:30", HELD | {"attempt": 1}), ("progressed", "09:30", {"attempt": 2}),
         ("finished", "10:00", NO), ("finished", "11:00", NO | {"attempt": 2}),
         ("finished", "12:00", NO | HELD | {"attempt": 3})],
        [(True, ""), (None, ""), (False, "")],
    ),
    # Ended before it reached anything is no end of a deployment.
    **{
        outcome: (
            [("finished", "10:00", {"outcome": outcome}),
             ("finished", "10:10", {"outcome": outcome, "impact": False}),
             ("finished", "10:20", {"outcome": outcome, "attempt": 2} | HELD),
             ("finished", "10:30", {"outcome": outcome, "impact": True}),
             ("finished", "10:40", {"outcome": outcome, "attempt": 3} | REACHED)],
            [(True, ""), (True, "")],
        )
        for outcome in ENDED
    },
    "said to be cancelled late": (
        [("finished", "10:00", {"outcome": "cancelled"}), ("assessed", "11:00", {"impact": True})],
        [(True, "")],
    ),
    "said to be nobody's to know": (
        [("finished", "10:00", {"outcome": "cancelled"}),
         ("assessed", "11:00", {"impact": "unknown"})],
        [],
    ),
    "unfinished": ([("started", "10:00", {}), ("progressed", "10:00", NO | {"impact": True})], []),
    # Components: of one attempt, by their names, else by repository, by artifacts, or by both.
    "attempts": (
        [("finished", "10:00", NO | X | {"repository": "r"}),
         ("finished", "11:00", OK | Y | {"repository": "s", "attempt": 2})],
        [(None, ""), (None, "")],
    ),
    "repositories": (
        [("finished", "10:00", OK | {"repository": "r"}),
         ("finished", "10:00", OK | {"repository": "s"}), ("finished", "10:00", OK),
         ("finished", "11:00", OK | {"repository": "r", "attempt": 2})],
        [(None, "r"), (None, "s"), (None, "-"), (None, "r")],
    ),
    "one repository": (
        [("finished", "10:00", OK | {"repository": "r"}), ("finished", "10:00", OK),
         ("finished", "10:00", OK | {"repository": "r"})],
        [(None, "")] * 3,
    ),
    "artifacts": (
        [("finished", "10:00", OK | X), ("finished", "10:00", OK | Y | {"repository": "r"}),
         ("finished", "10:00", OK), ("finished", "11:00", OK | X | {"attempt": 2})],
        [(None, artifact("x")["digest"]), (None, artifact("y")["digest"]), (None, ""),
         (None, artifact("x")["digest"])],
    ),
    "one artifact": (
        [("finished", "10:00", OK | X), ("finished", "10:00", OK), ("finished", "10:00", OK | X)],
        [(None, "")] * 3,
    ),
    "both": (
        [("finished", "10:00", OK | X | {"repository": "r"}),
         ("finished", "10:00", OK | Y | {"repository": "s"})],
        [(None, f"r {artifact('x')['digest']}"), (None, f"s {artifact('y')['digest']}")],
    ),
    "named": (
        [("finished", "10:00", OK | X | {"component": "web", "repository": "r"}),
         ("finished", "10:00", OK | Y | {"repository": "s"})],
        [(None, "named web"), (None, "")],
    ),
    "cancelled one": (
        [("finished", "10:00", OK | X), ("finished", "10:00", Y | {"outcome": "cancelled"})],
        [(None, "")],
    ),
}  # fmt: skip


def test_r2_r14_r15_each_end_of_a_deployment_has_its_impact_and_its_component(
    tmp_path: Path,
) -> None:
    """Deployment by deployment, with what it says of itself."""
    story, expected = Story(), []
    for service, (told, ends) in ENDS.items():
        waiting = list(ends)
        for what, at, more in told:
            data: dict[str, Any] = {
                "deployment": "d", "service": service, "environment": "production",
            } | more  # fmt: skip
            position = story.tell(f"deployment.{what}", when(f"03-05T{at}"), **data)
            if what != "finished" or not waiting or is_nothing(service, more):
                continue
            impact, component = waiting.pop(0)
            digest = more.get("artifact", {}).get("digest")
            expected.append((
                f"{service.replace(' ', '%20')}@production {SOURCE} d", position,
                instant(f"03-05T{at}"), more.get("attempt", 1), more.get("repository"),
                [digest] if digest else [], more["outcome"] == "success", impact, component,
            ))  # fmt: skip
        assert not waiting
    for missing in ("time", "deployment", "outcome"):
        event: dict[str, Any] = {
            "source": SOURCE, "time": when("03-05T10:00"),
            "data": {"deployment": "d", "service": "lacking", "environment": "production",
                     "outcome": "failure", "impact": True},
        }  # fmt: skip
        event.pop(missing, None)
        event["data"].pop(missing, None)
        story.put("deployment.finished", json.dumps(event).encode())
    with window(story, tmp_path) as view:
        rows = view.table("deployment_reports").to_pylist()
    names = ("deployment_key", "position", "occurred_at", "attempt", "repository", "artifacts",
             "succeeded", "had_impact", "component_key")  # fmt: skip
    found = [tuple(row[name] for name in names) for row in rows]
    assert sorted(found, key=lambda row: row[1]) == expected


def is_nothing(service: str, told: dict[str, Any]) -> bool:
    """It was cancelled or skipped, and had no impact."""
    reached = told.get("impact") is True or told.get("targets") == REACHED["targets"]
    return told["outcome"] in ENDED and not reached and service != "said to be cancelled late"
