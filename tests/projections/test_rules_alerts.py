"""Which alerts are incidents by their source's rule, row by row: rule R12."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from domain.log.by import By
from tests.projections.telling import Story, instant, when, window

if TYPE_CHECKING:
    from pathlib import Path

PAGER, OTHER = "https://pager.example", "https://other.example"
ALL = {"severity": "high", "priority": "P1", "rule": "Down", "target": "db", "service": "shop",
       "environment": "blue"}  # fmt: skip
WORDS: dict[str, tuple[dict[str, str], ...]] = {
    # What a source was registered with, one after the other.
    "b": ({"rule": "Up"}, {"rule": "Down"}, {}), "c": (ALL,), "d": ({"colour": "red"},),
    "f": ({"rule": "Down"}, {"rule": "Up"}),
}  # fmt: skip
Told = list[tuple[str, str, dict[str, Any]]]
Row = tuple[str | None, str | None, list[int], str | None, str | None, str | None]
"""Start and end on the fifth of March, which of its events tell it, service, environment,
severity."""

NO: tuple[None, None, None] = (None, None, None)
# Source, fingerprint, what was told of it, and the firings in their order.
CASES: list[tuple[str, str, Told, list[Row]]] = [
    # Fired again before it ended is the same firing; the first one says whose it is.
    (PAGER, "again",
     [("fired", "10:00", {"severity": "low"}),
      ("fired", "10:10", {"service": "pay", "environment": "blue", "severity": "high"}),
      ("fired", "10:20", {"service": "shop", "environment": "red", "severity": "high"}),
      ("resolved", "10:30", {}), ("fired", "10:40", {})],
     [("10:00", "10:30", [0, 1, 2, 3], "pay", "blue", "low"), ("10:40", None, [4], *NO)]),
    # It began and ended when it says; of two ends at one instant the one that was told first is it.
    ("p", "said",
     [("fired", "10:00", {"started_at": "09:50"}), ("fired", "10:05", {"started_at": "09:40"}),
      ("resolved", "10:30", {"ended_at": "10:20"}), ("resolved", "10:30", {"ended_at": "10:25"})],
     [("09:40", "10:20", [0, 1, 2], *NO)]),
    # An end at the instant at which it fired is its end.
    (PAGER, "at once", [("fired", "10:00", {}), ("resolved", "10:00", {})],
     [("10:00", "10:00", [0, 1], *NO)]),
    (PAGER, "before", [("resolved", "09:59", {}), ("fired", "10:00", {})],
     [("10:00", None, [1], *NO)]),
    # By when they began, not by when they were told of; of those of one instant, as they were told.
    (PAGER, "late",
     [("fired", "12:00", {}), ("resolved", "12:30", {}), ("fired", "10:00", {}),
      ("resolved", "10:30", {})],
     [("10:00", "10:30", [2, 3], *NO), ("12:00", "12:30", [0, 1], *NO)]),
    (PAGER, "even",
     [*((what, f"{hour}:{minute}", {key: value})
        for hour in (14, 13, 11, 12, 10, 15)
        for what, minute, key, value in (("fired", "00", "started_at", "09:00"),
                                         ("resolved", "30", "ended_at", "09:30"))),
      ("fired", "14:10", {"started_at": "09:00"}), ("fired", "13:10", {"started_at": "09:00"})],
     [("09:00", "09:30", [0, 1, 12], *NO), ("09:00", "09:30", [2, 3, 13], *NO),
      *(("09:00", "09:30", [one, one + 1], *NO) for one in (4, 6, 8, 10))]),
    (PAGER, "long",
     [("fired", "10:00", {}), ("resolved", "10:30", {}),
      ("fired", "12:00", {"started_at": "09:00"}), ("fired", "12:10", {"started_at": "11:00"})],
     [("09:00", None, [2, 3], *NO), ("10:00", "10:30", [0, 1], *NO)]),
    # Another source's alert of the same name is another.
    (OTHER, "before", [("fired", "09:00", {}), ("resolved", "11:00", {})],
     [("09:00", "11:00", [0, 1], *NO)]),
    (OTHER, "again", [("resolved", "10:15", {})], []),
    # Of another rule, or of one that names all there is to name: each of it has to be so.
    (PAGER, "up", [("fired", "10:00", {"rule": "Up"})], []),
    (PAGER, "silent", [("fired", "10:00", {"rule": None})], []),
    (PAGER, "all", [("fired", "10:00", {"by": "c"} | ALL)],
     [("10:00", None, [0], "shop", "blue", "high")]),
    *((PAGER, f"all but {name}", [("fired", "10:00", {"by": "c"} | ALL | {name: "low"})], [])
      for name in ALL),
    *((PAGER, f"{name} is not told", [("fired", "10:00", {"by": "c"} | ALL | {name: None})], [])
      for name in ALL),
    # A rule that nothing can be measured by, one that says nothing, none at all; one that holds no
    # more.
    *((PAGER, f"by {by}", [("fired", "10:00", {"by": by})], []) for by in "def"),
]  # fmt: skip


def by(letter: str) -> By:
    """Who sends with a credential of this letter."""
    return By("wkl_" + "a" * 32, "crd_" + letter * 32, "token")


def tell(story: Story, source: str, name: str, what: str, at: str, more: dict[str, Any]) -> int:
    """Something becomes of an alert, by the credential b unless it says another."""
    data: dict[str, Any] = {"fingerprint": name, "rule": "Down"} | more
    letter = data.pop("by", "b")
    for key in ("started_at", "ended_at"):
        if key in data:
            data[key] = when(f"03-05T{data[key]}")
    return story.tell(f"alert.{what}", when(f"03-05T{at}"), source=source, by=by(letter), **data)


def test_r12_each_firing_of_an_alert_has_a_beginning_and_perhaps_an_end(tmp_path: Path) -> None:
    """By the rule that its source's credential was registered with last, to the letter."""
    story = Story()
    for letter, rules in WORDS.items():
        for rule in rules:
            story.tell("source.registered", when("03-01T00:00"), name=letter, kind="alertmanager",
                       credential=by(letter).credential, incident_when=rule or None)  # fmt: skip
    for what, letter, rule in (("source", "e", {}), ("service", "b", {"rule": "Up"})):
        story.tell(f"{what}.registered", when("03-01T00:00"), name="x", kind="x", service="x",
                   credential=by(letter).credential, incident_when=rule)  # fmt: skip
    expected: dict[tuple[str, str, int], tuple[Any, ...]] = {}
    for source, name, told, rows in CASES:
        positions = [tell(story, source, name, *one) for one in told]
        for number, (start, end, which, *words) in enumerate(rows, 1):
            expected[source, name, number] = (
                f"{source} alert {name}", start and instant(f"03-05T{start}"),
                end and instant(f"03-05T{end}"), [positions[one] for one in which], *words,
            )  # fmt: skip
    # Threats are none, and what lacks a name or a time is nothing that could be told apart.
    story.tell("threat.detected", when("03-05T10:00"), source=PAGER, fingerprint="threat",
               rule="Down", kind="x")  # fmt: skip
    for what in ("fired", "resolved"):
        for missing in ("time", "fingerprint"):
            event: dict[str, Any] = {
                "source": OTHER, "time": when("03-05T10:20"),
                "data": {"fingerprint": "before", "rule": "Down"},
            }  # fmt: skip
            event.pop(missing, None)
            event["data"].pop(missing, None)
            story.put(f"alert.{what}", json.dumps(event).encode())
    with window(story, tmp_path) as view:
        rows_found = view.table("alert_incidents").to_pylist()
    found = {
        (row["source"], row["incident"], row["episode"]): (
            row["incident_key"], row["started_at"], row["ended_at"], row["positions"],
            row["service"], row["environment"], row["severity"],
        )
        for row in rows_found
    }  # fmt: skip
    assert found == expected
    assert len(found) == len(rows_found)
