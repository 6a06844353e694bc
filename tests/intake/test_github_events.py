"""GitHub's events API: the payload of a webhook in an object with a time, or some of it."""

from __future__ import annotations

import json

import pytest

from intake.registry import read_report

SHA = "a" * 40
SENDER = {"login": "mia", "id": 7, "node_id": "U_7", "type": "User"}


def test_an_object_of_the_events_api_has_a_time_of_its_own() -> None:
    """Where nothing within it tells a better one."""
    event = {"type": "MemberEvent", "actor": SENDER, "repo": {"name": "acme/shop"},
             "created_at": "2026-01-01T10:00:00Z",
             "payload": {"action": "added", "member": {"login": "ben"}}}  # fmt: skip
    (reading,) = read_report(json.dumps(event).encode()).readings
    assert (reading.type, reading.time) == (
        "pipeledger.access.granted.v1", "2026-01-01T10:00:00Z",
    )  # fmt: skip


@pytest.mark.parametrize(("action", "kind"), [("merged", "merged"), ("closed", "abandoned")])
def test_the_events_api_says_by_the_action_alone_what_was_merged(action: str, kind: str) -> None:
    """Its pull requests have neither `merged` nor times; whoever merged is who did it."""
    event = {
        "type": "PullRequestEvent",
        "actor": SENDER,
        "repo": {"name": "acme/shop"},
        "created_at": "2026-01-02T03:04:05Z",
        "payload": {
            "action": action,
            "number": 7,
            "pull_request": {
                "url": "https://api.github.com/repos/acme/shop/pulls/7",
                "id": 1,
                "number": 7,
                "head": {"ref": "fix", "sha": SHA},
                "base": {"ref": "main", "sha": SHA},
            },
        },
    }
    (found,) = read_report(json.dumps(event).encode()).readings
    assert found.type == f"pipeledger.change.{kind}.v1"
    assert (found.time, found.data["number"]) == ("2026-01-02T03:04:05Z", 7)
    by = found.data["merged_by" if action == "merged" else "closed_by"]
    assert by["login"] == SENDER["login"]
