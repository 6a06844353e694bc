"""Events as Splunk's HTTP Event Collector takes them: those of pipelines, from Jenkins' app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from intake.address import address_of
from intake.instant import told_stamp
from intake.jenkins.common import OUTCOMES, SYSTEM, TOOL, Place, place_of
from intake.json_body import read_lines
from intake.number import seconds_of
from intake.order import by_time
from intake.person import account_of
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Shape

_PLACES: Final = frozenset({"sourcetype", "source", "index", "host"})
_JOB: Final = "job_event"


class _Job(msgspec.Struct, gc=False):
    """A run of a job."""

    event_tag: str | None = None
    type: str | None = None
    job_name: str | None = None
    build_number: int | None = None
    job_result: str | None = None
    job_duration: float | None = None
    build_url: str | None = None
    user: str | None = None
    trigger_by: str | None = None


class _Event(msgspec.Struct, gc=False):
    """An event with where it is from."""

    time: str | float | int | None = None
    event: msgspec.Raw = msgspec.Raw(b"null")


def claims(shape: Shape) -> bool:
    """An event, and at least two of the fields that say where it belongs."""
    told = (shape.members or shape.line or {}).keys()
    return "event" in told and len(told & _PLACES) > 1 and told <= _PLACES | {
        "event", "time", "fields",
    }  # fmt: skip


def read(body: bytes) -> list[Reading]:
    """The readings of pipelines' events, earliest first; others are no facts.

    Raises:
        RefusedError: no events; the line is named.
        TooLargeError: a limit was passed.
    """
    return by_time(one for _, event in read_lines(body, _Event) for one in _read(event))


def _read(event: _Event) -> Iterator[Reading]:
    raw = bytes(event.event)
    try:
        job = msgspec.json.decode(raw, type=_Job) if raw[:1] == b"{" else _Job()
    except (msgspec.DecodeError, RecursionError):
        return
    name = named(job.job_name)
    if job.event_tag != _JOB or name is None or job.build_number is None:
        return
    outcome = OUTCOMES.get((job.job_result or "").upper())
    what = {"started": "pipeline.started", "completed": "pipeline.finished"}.get(job.type or "")
    if what is None or (what == "pipeline.finished" and outcome is None):
        return
    ended = what == "pipeline.finished"
    place = place_of(job.build_url) or Place(None, name, job.build_number)
    data = {
        "run": place.run,
        "pipeline": name,
        "outcome": outcome if ended else None,
        "reported_outcome": named(job.job_result) if ended else None,
        "duration_s": seconds_of(job.job_duration) if ended else None,
        "trigger": named(job.trigger_by),
        "triggered_by": account_of(SYSTEM, job.user) if _is_person(job.user) else None,
        "url": address_of(job.build_url),
        "tool": TOOL,
    }
    yield fact(what, told_stamp(event.time), data, kind=_JOB, source=place.server)


def _is_person(user: str | None) -> bool:
    return bool(user) and user not in ("anonymous", "SYSTEM") and not str(user).startswith("(")


FORMAT: Final = Format(
    "splunk-events", "Splunk HTTP Event Collector", "application/x-ndjson", claims, read
)
