"""Whose reports are the deployments of a line, deployment by deployment: rules R1 and R2a."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.projections.telling import Story, deployed, instant, when, window

if TYPE_CHECKING:
    from pathlib import Path

A, B, C = ("https://a.example", "https://b.example", "https://c.example")
SOURCES = {"a": A, "b": B, "c": C}
EVER, ALWAYS = "0001-01-01", "9999-12-31"
Stated = tuple[str | None, dict[str, str]]
"""From which day of March on, else always; the source of each environment."""

# What was registered of a service, from a day on; the spans of its lines.
STATED: dict[str, tuple[list[Stated], list[tuple[str, str, str, str]]]] = {
    "one": ([("05", {"production": A, "eu@1": B})],
            [("production", A, "2026-03-05", ALWAYS), ("eu%401", B, "2026-03-05", ALWAYS)]),
    "first": ([(None, {"production": A}), ("05", {"production": B})],
              [("production", A, EVER, "2026-03-05"), ("production", B, "2026-03-05", ALWAYS)]),
    "again": ([("05", {"production": A}), ("06", {"production": A}), ("07", {"staging": B})],
              [("production", A, "2026-03-05", ALWAYS), ("staging", B, "2026-03-07", ALWAYS)]),
    "covered": ([("05", {"production": A}), ("08", {"production": B}), ("06", {"production": C})],
                [("production", A, "2026-03-05", "2026-03-06"),
                 ("production", C, "2026-03-06", ALWAYS)]),
    "at once": ([("05", {"production": A}), ("05", {"production": B})],
                [("production", B, "2026-03-05", ALWAYS)]),
    # There is none any more of any line of the service; and then there is one again.
    "empty": ([("05", {"production": A, "staging": B}), ("07", {}), ("09", {"staging": B})],
              [("production", A, "2026-03-05", "2026-03-07"),
               ("staging", B, "2026-03-05", "2026-03-07"), ("staging", B, "2026-03-09", ALWAYS)]),
    "none": ([("05", {})], []),
    "beside": ([("04", {"production": B}), ("06", {"production": A})],
               [("production", B, "2026-03-04", "2026-03-06"),
                ("production", A, "2026-03-06", ALWAYS)]),
}  # fmt: skip


def register(story: Story, service: str, stated: list[Stated]) -> None:
    """What is said of the sources of a service."""
    for start, sources in stated:
        story.tell("service.registered", when("03-20T00:00"), service=service,
                   deployment_source=sources,
                   effective_from=when(f"03-{start}T00:00") if start else None)  # fmt: skip


def test_r2a_the_source_of_a_line_is_the_one_that_was_said_last_at_each_time(
    tmp_path: Path,
) -> None:
    """From the instant on that is said with it."""
    story = Story()
    for service, (stated, _) in STATED.items():
        register(story, service, stated)
    with window(story, tmp_path) as view:
        rows = view.table("line_sources").to_pylist()
    assert sorted(
        (row["line"], row["source"], f"{row['effective_from']:%Y-%m-%d}".rjust(10, "0"),
         f"{row['effective_until']:%Y-%m-%d}")
        for row in rows
    ) == sorted(
        (f"{service}@{environment}", *span)
        for service, (_, spans) in STATED.items() for environment, *span in spans
    )  # fmt: skip


Row = tuple[bool, str]
"""Whether it counts, and whose the line is then."""
# What is registered; the deployments in the order in which they are told: source (a capital for
# history), instant; whether each counts in its line, and whose the line is.
LINES: dict[str, tuple[list[Stated], list[tuple[str, str, Row]]]] = {
    "seen first": ([], [("b", "05T12", (True, "b")), ("a", "05T10", (False, "b")),
                        ("b", "05T09", (True, "b"))]),
    # The one that is registered, from its first instant to its last.
    "registered": (
        [("05", {"production": B}), ("07", {"production": C})],
        [("a", "04T23:59:59", (True, "a")), ("b", "04T23:59:59", (False, "a")),
         ("a", "05T00", (False, "b")), ("b", "05T00", (True, "b")),
         ("b", "06T23:59:59", (True, "b")), ("b", "07T00", (False, "c")),
         ("c", "07T00", (True, "c"))],
    ),
    "elsewhere": (
        [("01", {"staging": B})], [("a", "05T10", (True, "a")), ("b", "05T10", (False, "a"))],
    ),
    # History is the line's until the first live deployment that counts.
    "history": (
        [], [("A", "07T10", (False, "b")), ("B", "03T10", (False, "a")),
             ("A", "03T10", (True, "a")), ("b", "04T10", (True, "b")),
             ("a", "05T10", (False, "b")),
             ("A", "05T09:59", (False, "b")), ("b", "06T10", (True, "b"))],
    ),
    "history alone": ([], [("B", "05T10", (True, "b")), ("A", "04T10", (False, "b"))]),
    "history to the instant": (
        [], [("A", "05T10", (False, "b")), ("A", "05T09:59:59", (True, "a")),
             ("b", "05T10", (True, "b"))],
    ),
    "history that is registered": (
        [("01", {"production": B})],
        [("A", "03T10", (False, "b")), ("B", "04T10", (True, "b")), ("a", "04T12", (False, "b")),
         ("b", "05T10", (True, "b")), ("B", "06T10", (False, "b"))],
    ),
    "history that is registered of two": (
        [("01", {"production": B}), ("07", {"production": C})],
        [("C", "08T10", (True, "c")), ("B", "04T10", (False, "c"))],
    ),
    "history beside the registered": (
        [("01", {"production": B})], [("b", "05T10", (True, "b")), ("A", "03T10", (True, "a"))],
    ),
    "history told later": ([], [("b", "05T10", (True, "b")), ("A", "03T10", (True, "a"))]),
    "history beside others": (
        [], [("A", "03T10", (True, "a")), ("b", "05T10", (True, "b")),
             ("c", "04T10", (False, "a")), ("A", "04T12", (True, "a"))],
    ),
    "history of two": (
        [], [("B", "03T10", (True, "b")), ("A", "02T10", (False, "b")),
             ("a", "05T10", (True, "a"))],
    ),
}  # fmt: skip


def test_r2a_a_deployment_counts_if_its_source_is_that_of_its_line_then(tmp_path: Path) -> None:
    """History by the first that tells it, what is live by the first, or by the registered one."""
    story = Story()
    story.tell("environment.registered", when("03-20T00:00"), environment="blue",
               tier="production", effective_from=when("03-05T00:00"))  # fmt: skip
    names: dict[tuple[str, str], tuple[Any, ...]] = {}
    for service, (stated, told) in LINES.items():
        register(story, service, stated)
        for number, (letter, at, (counts, line)) in enumerate(told):
            deployed(story, f"d{number}", f"03-{at}" if at.count(":") else f"03-{at}:00",
                     service=service, source=SOURCES[letter.lower()],
                     assurance="imported" if letter.isupper() else "asserted")  # fmt: skip
            names[service, f"d{number}"] = (counts, SOURCES[line])
    for name, at in (("before", "03-04T23:59:59"), ("from", "03-05T00:00")):
        deployed(story, name, at, service="team", environment="blue")
    # At the end of time nothing is registered any more.
    story.tell("deployment.finished", f"{ALWAYS}T10:00:00Z", deployment="last", service="team",
               environment="blue", outcome="success")  # fmt: skip
    for day, team in (("01", "early"), ("05", "late")):
        story.tell("service.registered", when("03-20T00:00"), service="team", team=team,
                   effective_from=when(f"03-{day}T00:00"))  # fmt: skip
    with window(story, tmp_path) as view:
        rows = view.table("deployment_lines").to_pylist()
    found = {
        (row["service"], row["deployment"]): (row["counts_in_line"], row["line_source"])
        for row in rows if row["service"] != "team"
    }  # fmt: skip
    assert found == names
    assert len(rows) == len(found) + 3
    assert {
        row["finished_at"]: (row["tier"], row["tier_basis"], row["team"])
        for row in rows if row["service"] == "team"
    } == {
        datetime.fromisoformat(f"{ALWAYS}T10:00:00Z"): (None, None, None),
        instant("03-04T23:59:59"): (None, "name", "early"),
        instant("03-05T00:00"): ("production", "operator", "late"),
    }  # fmt: skip
