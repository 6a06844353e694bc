"""The events that are measured with: what the pipelines of 300 services do in nine months.

Each event follows from its number alone, so any process makes any of them. A pipeline: three
commits in a line, their merge, build, two runs of tests, scan, deployment to staging and to
production. One deployment in twenty fails, one in forty has an impact.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Any, Final

import msgspec

from domain.draft import Delivery, Draft
from domain.event import read_event
from domain.events.streams import streams_of, tags_of
from domain.log.by import By
from domain.log.part import EVENT_PART, SALT_BYTES, Part

BY: Final = By("wkl_" + "a" * 32, "crd_" + "b" * 32, "token")
SOURCE: Final = "https://ci.example/acme"
FIRST: Final = datetime(2026, 1, 1, tzinfo=UTC)
LENGTH_US: Final = 270 * 86_400 * 1_000_000
QUARTER: Final = {
    "window_from": datetime(2026, 4, 1, tzinfo=UTC), "window_to": datetime(2026, 7, 1, tzinfo=UTC),
}  # fmt: skip
SERVICES: Final = 300
_STEPS: Final = (
    "commit.pushed", "commit.pushed", "commit.pushed", "change.merged", "build.finished",
    "tests.finished", "tests.finished", "scan.finished", "deployment.finished",
    "deployment.finished",
)  # fmt: skip
_COMMITS: Final = 3


def event(number: int, count: int, sent: str = "") -> dict[str, Any]:
    """The event of this number, from 0, of so many; `sent` tells it from the same sent before."""
    turn, service = divmod(number, SERVICES)
    pipeline, step = divmod(turn + service, len(_STEPS))
    commit = commit_of(service, pipeline, min(step, _COMMITS - 1))
    chance = int(commit[:8], 16)
    passed = timedelta(microseconds=number * LENGTH_US // count)
    at = (FIRST + passed).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    kind = _STEPS[step]
    data: dict[str, Any] = {
        "service": f"service-{service}", "repository": f"https://code.example/acme/{service}",
        "run": f"{service}-{pipeline}{sent}", "commit": commit,
    }  # fmt: skip
    if kind == "commit.pushed":
        before = (pipeline, step - 1) if step else (pipeline - 1, _COMMITS - 1)
        data |= {"parents": [commit_of(service, *before)], "authored_at": at}
    elif kind == "change.merged":
        del data["commit"]
        data |= {"number": pipeline + 1, "merge_commit": commit, "merged_at": at}
    else:
        data["outcome"] = "success"
    if kind == "deployment.finished":
        data |= {
            "deployment": f"d-{number}{sent}",
            "environment": ("staging", "production")[step - len(_STEPS) + 2],
            "artifact": {"digest": f"sha256:{commit:0>64}"},
            "outcome": "success" if chance % 20 else "failure", "impact": chance % 40 == 0,
        }  # fmt: skip
    return {
        "specversion": "1.0", "id": f"e-{number}{sent}", "source": SOURCE,
        "type": f"pipeledger.{kind}.v1", "time": at, "data": data,
    }  # fmt: skip


def commit_of(service: int, pipeline: int, nth: int) -> str:
    """A commit of a service: the nth of a pipeline."""
    return sha1(f"{service} {pipeline} {nth}".encode(), usedforsecurity=False).hexdigest()


def deployment(number: int) -> dict[str, Any]:
    """A deployment, the one of this number, from 0."""
    # The events of one turn are at all steps at once: that of the last step is a deployment.
    turn, nth = divmod(number, SERVICES // len(_STEPS))
    service = (len(_STEPS) - 1 - turn) % len(_STEPS) + nth * len(_STEPS)
    return event(turn * SERVICES + service, 10_000_000)


def draft(value: dict[str, Any]) -> Draft:
    """An event as the door hands it on, with how it was delivered."""
    told = read_event(value)
    part = Part(EVENT_PART, "application/json", told.encode(), os.urandom(SALT_BYTES))
    return Draft(
        type=told.type, version=told.version, assurance="asserted", by=BY,
        streams=streams_of(told), tags=tags_of(told), event=part, time=told.occurred,
        delivery=Delivery(value["source"], value["id"], msgspec.json.encode(value)),
    )  # fmt: skip
