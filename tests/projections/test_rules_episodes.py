"""From when to when an incident impaired something, episode by episode: rule R12."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.projections.telling import SOURCE, Story, when, window

if TYPE_CHECKING:
    from pathlib import Path

PAGER = "https://pager.example"
Episode = tuple[str | None, str | None, str | None, str | None]
"""Start, restored, resolved, end: the time of the fifth of March."""

# Incident and source; what was said, when, and the time that it names; the episodes.
CASES: list[tuple[str, str, list[tuple[str, str, dict[str, str]]], list[Episode]]] = [
    # It began when it is said last to have begun, else been noticed, else when it was told of.
    ("start", SOURCE,
     [("opened", "10:00", {"started_at": "09:00", "detected_at": "09:30"}),
      ("assessed", "10:30", {"started_at": "08:00"}), ("restored", "13:00", {})],
     [("08:00", "13:00", None, "13:00")]),
    ("seen", SOURCE,
     [("opened", "10:00", {"detected_at": "09:30"}),
      ("assessed", "10:30", {"detected_at": "09:40"})],
     [("09:40", None, None, None)]),
    ("told", SOURCE, [("opened", "10:00", {}), ("opened", "10:05", {}), ("assessed", "09:50", {})],
     [("10:00", None, None, None)]),
    ("unknown", SOURCE, [("resolved", "10:00", {})], [(None, None, "10:00", "10:00")]),
    # What was said last of its end holds, whether it names an instant or not.
    ("mended", SOURCE,
     [("opened", "10:00", {}), ("restored", "11:00", {"restored_at": "10:50"}),
      ("restored", "11:10", {}), ("resolved", "12:00", {"resolved_at": "11:55"}),
      ("resolved", "12:10", {})],
     [("10:00", "11:10", "12:10", "11:10")]),
    ("mended before", SOURCE,
     [("opened", "10:00", {}), ("restored", "11:10", {}),
      ("restored", "11:20", {"restored_at": "10:40"}), ("resolved", "12:00", {}),
      ("resolved", "12:20", {"resolved_at": "11:40"})],
     [("10:00", "10:40", "11:40", "10:40")]),
    # Whatever tells when it was over, and of which beginning it tells.
    ("said with it", SOURCE,
     [("opened", "10:00", {}), ("resolved", "12:00", {"restored_at": "11:00"}),
      ("assessed", "13:00", {"resolved_at": "11:30"})],
     [("10:00", "11:00", "11:30", "11:00")]),
    ("restated", SOURCE,
     [("opened", "10:00", {}), ("restored", "11:00", {}), ("reopened", "20:00", {}),
      ("assessed", "20:30", {"started_at": "19:00"})],
     [("19:00", "11:00", None, "11:00"), ("20:00", None, None, None)]),
    # Another source's incident of the same name; one of which nothing else was told.
    ("start", PAGER, [("opened", "10:00", {}), ("reopened", "12:00", {})],
     [("10:00", None, None, "12:00"), ("12:00", None, None, None)]),
    ("only", SOURCE, [("reopened", "10:00", {})], [("10:00", None, None, None)]),
    # By when it happened, not by when it was told; at one instant by what was told first.
    ("late", SOURCE,
     [("reopened", "20:00", {}), ("opened", "10:00", {}), ("restored", "11:00", {}),
      ("restored", "20:30", {})],
     [("10:00", "11:00", None, "11:00"), ("20:00", "20:30", None, "20:30")]),
    ("at once", SOURCE,
     [("opened", "10:00", {}), ("restored", "11:00", {}), ("reopened", "11:00", {}),
      ("restored", "12:00", {})],
     [("10:00", "11:00", None, "11:00"), ("11:00", "12:00", None, "12:00")]),
    # It began again when it says, if that was after its end.
    ("again", SOURCE,
     [("opened", "10:00", {}), ("restored", "11:00", {}), ("resolved", "11:30", {}),
      ("reopened", "20:00", {"started_at": "11:15"})],
     [("10:00", "11:00", "11:30", "11:00"), ("11:15", None, None, None)]),
    ("same", SOURCE,
     [("opened", "10:00", {}), ("restored", "11:00", {}),
      ("reopened", "20:00", {"started_at": "11:00"})],
     [("10:00", "11:00", None, "11:00"), ("20:00", None, None, None)]),
    ("closed", SOURCE,
     [("opened", "10:00", {}), ("resolved", "11:00", {}),
      ("reopened", "20:00", {"started_at": "19:00"})],
     [("10:00", None, "11:00", "11:00"), ("19:00", None, None, None)]),
    # What was not ended lasted until it began again.
    ("thrice", SOURCE,
     [("opened", "10:00", {}), ("restored", "11:00", {}),
      ("reopened", "12:00", {"started_at": "11:30"}), ("reopened", "14:00", {}),
      ("restored", "15:00", {})],
     [("10:00", "11:00", None, "11:00"), ("11:30", None, None, "14:00"),
      ("14:00", "15:00", None, "15:00")]),
]  # fmt: skip


def test_r12_each_episode_of_an_incident_has_a_beginning_and_perhaps_an_end(tmp_path: Path) -> None:
    """Whatever order it is told in."""
    story = Story()
    for name, source, said, _ in CASES:
        for what, at, times in said:
            told: dict[str, Any] = {key: when(f"03-05T{value}") for key, value in times.items()}
            story.tell(f"incident.{what}", when(f"03-05T{at}"), source=source, incident=name,
                       **told)  # fmt: skip
    # What lacks one of these is of no incident, or at no time.
    for missing in ("source", "time", "incident"):
        event: dict[str, Any] = {
            "source": SOURCE,
            "time": when("03-05T10:00"),
            "data": {"incident": missing},
        }
        event.pop(missing, None)
        if missing == "incident":
            event["data"] = {}
        story.put("incident.opened", json.dumps(event).encode())
    with window(story, tmp_path) as view:
        rows = view.table("incident_episodes").to_pylist()
    rows.sort(key=lambda row: row["episode"])
    found: dict[str, list[Episode]] = {}
    for row in rows:
        start, restored, resolved, end = (
            row[name] and f"{row[name]:%H:%M}"
            for name in ("started_at", "restored_at", "resolved_at", "ended_at")
        )
        found.setdefault(row["incident_key"], []).append((start, restored, resolved, end))
    assert found == {f"{source} {name}": episodes for name, source, _, episodes in CASES}
    assert not any(row["derived"] for row in rows)
