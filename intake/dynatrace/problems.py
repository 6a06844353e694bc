"""Dynatrace's problems: custom webhooks, those in Keptn's CloudEvents, and the Problems API v2.

A problem is what Dynatrace noticed: an alert, and an incident only where a source's rule says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.address import address_of, site_of
from intake.dynatrace import deployments
from intake.instant import Told, told_epoch, told_time
from intake.json_body import read_fields
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import by_token
from intake.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Shape

TOOL: Final = "Dynatrace"
_NOTICE: Final = frozenset({"State", "ProblemTitle"})
_IDS: Final = frozenset({"PID", "ProblemID"})
_LISTED: Final = frozenset({"problemId", "title", "status", "severityLevel"})
_FIRST: Final = frozenset({"id", "displayName", "status", "severityLevel"})
_KEPTN: Final = "sh.keptn."
_STATES: Final = {
    "open": "alert.fired", "resolved": "alert.resolved", "closed": "alert.resolved",
    # It goes on as a part of another problem, and is told of no more.
    "merged": "alert.resolved",
}  # fmt: skip


class _Entity(msgspec.Struct, gc=False):
    """Something that is watched."""

    name: str | None = None


class _Details(msgspec.Struct, gc=False, rename="camel"):
    """A problem in the structure of either API."""

    problem_id: str | None = None
    id: str | None = None
    title: str | None = None
    status: str | None = None
    severity_level: str | None = None
    start_time: int | None = None
    end_time: int | None = None
    affected_entities: list[_Entity] | None = None


class _Notice(msgspec.Struct, gc=False, rename="pascal"):
    """A notification; members have the names of Dynatrace's placeholders."""

    state: str | None = None
    problem_title: str | None = None
    pid: str | int | None = msgspec.field(name="PID", default=None)
    problem_id: str | int | None = msgspec.field(name="ProblemID", default=None)
    problem_url: str | None = msgspec.field(name="ProblemURL", default=None)
    problem_severity: str | None = None
    problem_details: msgspec.Raw = msgspec.Raw(b"null")
    problem_details_json: msgspec.Raw = msgspec.field(
        name="ProblemDetailsJSON", default=msgspec.Raw(b"null")
    )
    problem_details_v2: msgspec.Raw = msgspec.field(
        name="ProblemDetailsJSONv2", default=msgspec.Raw(b"null")
    )
    problem_details_text: str | None = None
    impacted_entities: msgspec.Raw = msgspec.Raw(b"null")
    keptn_stage: str | None = None
    keptn_service: str | None = None


class _Event(msgspec.Struct, gc=False):
    """Keptn's CloudEvent."""

    data: _Notice
    time: str | None = None


class _Answer(msgspec.Struct, gc=False):
    """Several problems."""

    problems: list[_Details]


def claims(shape: Shape) -> bool:
    """A notification, alone or in Keptn's event, or problems of the API."""
    told = (shape.members or {}).keys()
    if (shape.text("type") or "").startswith(_KEPTN):
        told = shape.inner("data").keys()
    if told >= _NOTICE and bool(told & _IDS):
        return True
    result = shape.inside("result")
    return (
        told >= _LISTED
        or shape.inside("problems").object.keys() >= _LISTED
        or result.object.keys() >= _FIRST
        or result.inside("problems").object.keys() >= _FIRST
    )


def read(body: bytes) -> list[Reading]:
    """The readings, earliest first; none of a state that is not known.

    Raises:
        RefusedError: no problems; the place is named.
        TooLargeError: a limit was passed.
    """
    told = read_fields(body, dict[str, msgspec.Raw])
    if "problems" in told:
        found = read_fields(body, _Answer).problems
        return by_time(reading for one in found for reading in _listed(one))
    if "result" in told:
        # Version 1 of the API.
        return read(bytes(told["result"]))
    if "problemId" in told or "displayName" in told:
        return by_time(_listed(read_fields(body, _Details)))
    if "data" in told:
        event = read_fields(body, _Event)
        return _notified(event.data, told_time(event.time))
    return _notified(read_fields(body, _Notice), None)


def _notified(notice: _Notice, sent: Told | None) -> list[Reading]:
    what = _STATES.get((notice.state or "").lower())
    own = notice.pid if notice.pid is not None else notice.problem_id
    identity = named(str(own)) if own is not None else None
    if what is None or identity is None:
        return []
    details = _details(notice)
    began, ended = _told(details.start_time), _told(details.end_time)
    entities = _entities(notice.impacted_entities)
    data = _data(details, identity, [one.name for one in entities]) | {
        "rule": named(notice.problem_title) or named(details.title),
        "description": notice.problem_details_text or None,
        "priority": named(details.severity_level or notice.problem_severity),
        "service": named(notice.keptn_service),
        "environment": named(notice.keptn_stage),
        "url": address_of(notice.problem_url),
        "reported_outcome": named(notice.state),
    }
    happened = (began if what == "alert.fired" else ended) or sent
    if what == "alert.resolved":
        data["ended_at"] = ended.time if ended else None
    source = site_of(notice.problem_url)
    return [fact(what, happened, data, kind=named(notice.state), source=source)]


def _listed(one: _Details) -> Iterator[Reading]:
    identity = named(one.problem_id or one.id)
    if identity is None:
        return
    began, ended = _told(one.start_time), _told(one.end_time)
    names = [entity.name for entity in one.affected_entities or ()]
    data = _data(one, identity, names) | {"reported_outcome": named(one.status)}
    yield fact("alert.fired", began, data, kind="problem")
    if (one.status or "").lower() == "closed":
        more = {"ended_at": ended.time if ended else None}
        yield fact("alert.resolved", ended, data | more, kind="problem")


def _data(one: _Details, identity: str, names: list[str | None]) -> dict[str, Any]:
    began = _told(one.start_time)
    return {
        "fingerprint": identity,
        "rule": named(one.title),
        # Dynatrace's levels are kinds of problems and are not ordered.
        "priority": named(one.severity_level),
        "target": named(names[0]) if len(names) == 1 else None,
        "started_at": began.time if began else None,
        "tool": TOOL,
    }


def _details(notice: _Notice) -> _Details:
    """The problem as the API gives it, where the operator's body has it as JSON."""
    for raw in (
        notice.problem_details_v2, notice.problem_details_json, notice.problem_details,
    ):  # fmt: skip
        if bytes(raw)[:1] == b"{":
            return read_fields(bytes(raw), _Details, "ProblemDetails")
    return _Details()


def _entities(raw: msgspec.Raw) -> list[_Entity]:
    text = bytes(raw)
    return read_fields(text, list[_Entity], "ImpactedEntities") if text[:1] == b"[" else []


def _told(ticks: int | None) -> Told | None:
    return told_epoch(ticks, 1_000)


FORMAT: Final = Format("dynatrace", "Dynatrace problems", "application/json", claims, read)
SENDER: Final = Sender(
    name="dynatrace",
    title=TOOL,
    scheme=by_token(
        "Settings, Integration, Problem notifications, Custom integration: URL as above, custom "
        "header Authorization with the value Bearer and the secret, and the documentation's payload"
    ),
    formats=(FORMAT, deployments.FORMAT),
)
