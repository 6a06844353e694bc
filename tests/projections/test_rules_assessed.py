"""Of which deployments something was said later, and what holds of it: rule R14."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.projections.telling import Story, window

if TYPE_CHECKING:
    from pathlib import Path

Event = tuple[str, str | None, dict[str, Any]]
"""Who tells it, of which line, and what is said; nothing: that a deployment ended there."""
Row = tuple[str | None, list[str] | None, str | None, list[int]]
"""Impact, what it remedies, what it rolls back, and the events that say so."""

NO, YES = {"impact": False}, {"impact": True}
X, Y, Z = ({"remediates": [name], "rolls_back": name} for name in "xyz")
IS_SAID: Row = ("true", None, None, [-1])
CASES: dict[str, tuple[list[Event], dict[str, Row]]] = {
    "by its own source": ([("a", "s", {}), ("a", None, YES)], {"a s": IS_SAID}),
    "of two of an id": ([("a", "s", {}), ("b", "s", {}), ("a", None, YES)], {"a s": IS_SAID}),
    "of its own of two": ([("a", "s", {}), ("b", "s", {}), ("a", "s", YES)], {"a s": IS_SAID}),
    "of attempts": ([("a", "s", {}), ("a", "s", {}), ("a", None, YES)], {"a s": IS_SAID}),
    # Whoever else says something must say where, unless one source alone has that id.
    "by another": ([("a", "s", {}), ("a", "t", {}), ("c", None, YES)],
                   {"a s": IS_SAID, "a t": IS_SAID}),
    "by a third": ([("a", "s", {}), ("b", "s", {}), ("c", None, YES)], {}),
    "by a third there": ([("a", "s", {}), ("b", "s", {}), ("b", "t", {}), ("c", "s", YES)],
                         {"a s": IS_SAID, "b s": IS_SAID}),
    "by a third in one environment": (
        [("a", "s", {}), ("b", "s", {}), ("b", "s@test", {}), ("c", "s@test", YES)],
        {"b s@test": IS_SAID},
    ),
    "by a third of one service": (
        [("a", "s", {}), ("b", "s@test", {}), ("b", "t", {}), ("c", "s@", YES)],
        {"a s": IS_SAID, "b s@test": IS_SAID},
    ),
    "beside what only began": ([("b", "s", {"what": "started"}), ("a", "s", {}), ("c", None, YES)],
                               {"a s": IS_SAID}),
    "beside what is of no line": ([("b", None, {"what": "finished"}), ("a", "s", {}),
                                   ("c", None, YES)], {"a s": IS_SAID}),
    "of nothing": ([("a", None, YES)], {}),
    # Of each thing the last word holds, wherever it was said.
    "one by one": ([("a", "s", {}), ("a", None, YES | X), ("a", None, NO), ("a", None, Y)],
                   {"a s": ("false", ["y"], "y", [-3, -2, -1])}),
    "both ways": ([("a", "s", {}), ("a", None, YES | X), ("a", "s", NO | Y), ("a", None, YES | Z)],
                  {"a s": ("true", ["z"], "z", [-3, -2, -1])}),
    "the other way": (
        [("a", "s", {}), ("a", None, YES), ("a", "s", NO), ("a", None, X), ("a", "s", Y),
         ("a", None, {"reason": "none"})],
        {"a s": ("false", ["y"], "y", [-5, -4, -3, -2, -1])},
    ),
}  # fmt: skip


def test_r14_what_is_said_of_a_deployment_later_and_by_whom(tmp_path: Path) -> None:
    """Each of an id of its own; positions are counted back from its last event."""
    story, expected = Story(), {}
    for name, (events, rows) in CASES.items():
        for source, line, more in events:
            last = _tell(story, name, source, line, more)
        for where, (*said, positions) in rows.items():
            source, _, line = where.partition(" ")
            service, _, environment = line.partition("@")
            key = f"{service}@{environment or 'production'} {source} {name}"
            expected[key] = (*said, [last + 1 + one for one in positions])
    # Of no deployment.
    for what in ("finished", "assessed"):
        event = {"source": "a", "data": {"service": "s", "environment": "production"} | YES}
        story.put(f"deployment.{what}", json.dumps(event).encode())
    with window(story, tmp_path) as view:
        found = {
            row["deployment_key"]: (
                row["impact"], row["remediates"], row["rolls_back"], sorted(row["positions"]),
            )
            for row in view.table("assessments").to_pylist()
        }  # fmt: skip
    assert found == expected


def _tell(story: Story, name: str, source: str, line: str | None, more: dict[str, Any]) -> int:
    service, _, environment = (line or "").partition("@")
    data = {"deployment": name} | more
    what = data.pop("what", "assessed" if more else "finished")
    if service:
        data["service"] = service
        if environment or "@" not in (line or ""):
            data["environment"] = environment or "production"
    event = {"source": source, "data": data}
    return story.put(f"deployment.{what}", json.dumps(event).encode())
