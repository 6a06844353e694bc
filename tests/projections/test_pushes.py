"""A code host's webhooks alone are enough for the lead time of every commit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from intake.registry import read_report
from tests.projections.telling import REPOSITORY, Story, commit, deployed, window

if TYPE_CHECKING:
    from pathlib import Path


def _push(before: str, *commits: str, hour: int) -> bytes:
    told: dict[str, Any] = {
        "ref": "refs/heads/main", "before": commit(before), "after": commit(commits[-1]),
        "created": False, "deleted": False, "forced": False,
        "repository": {"name": "shop", "full_name": "acme/shop", "html_url": REPOSITORY,
                       "node_id": "R_1"},
        "sender": {"login": "mia", "node_id": "U_1"},
        "commits": [
            {"id": commit(name), "distinct": True, "timestamp": f"2026-03-02T{hour:02d}:00:00Z"}
            for name in commits
        ],
    }  # fmt: skip
    return json.dumps(told).encode()


def test_commits_in_the_middle_of_a_push_have_a_lead_time(tmp_path: Path) -> None:
    """No parents are told, but the push lists what its last commit contains."""
    story = Story()
    for body in (_push("c0", "c1", "c2", "c3", hour=8), _push("c3", "c4", "c5", hour=9)):
        for one in read_report(body).readings:
            kind = one.type.removeprefix("pipeledger.").removesuffix(".v1")
            story.tell(kind, one.time or "2026-03-02T09:00:00Z", **one.data)
    for name, finished, content in (("d0", "03-02T07:00", "c0"), ("d1", "03-02T10:00", "c5")):
        deployed(story, name, finished, content, commit=commit(content), repository=REPOSITORY)
    with window(story, tmp_path) as view:
        told = {row["commit"]: row["lead_s"] for row in view.table("lead_times").to_pylist()}
    hour = 3600
    assert told == {
        commit(name): hours * hour
        for name, hours in (("c1", 2), ("c2", 2), ("c3", 2), ("c4", 1), ("c5", 1))
    }
