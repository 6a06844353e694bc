"""What Datadog's DORA metrics are told: deployments, failures, and deployments put right later.

The bodies of `/api/v2/dora/deployment`, `/failure` (once `/incident`) and the patch of a
deployment, and the events that the API answers with. Times are seconds, milliseconds or
nanoseconds since 1970, whichever their writer chose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.address import repository_of
from intake.fingerprint import fingerprint_of
from intake.ids import commit_of
from intake.instant import seconds_between, told_epoch, told_stamp
from intake.json_body import read_fields
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.instant import Told
    from intake.shape import Shape

TOOL: Final = "Datadog"
_PATCH: Final = b'"dora_deployment_patch_request"'
_TYPES: Final = frozenset({_PATCH, b'"dora_deployment"', b'"dora_failure"', b'"dora_incident"'})
_DEPLOYED: Final = frozenset({"service", "started_at", "finished_at"})
_FAILED: Final = frozenset({"started_at", "services"})


class _Git(msgspec.Struct, gc=False):
    """What was deployed."""

    commit_sha: str | None = None
    repository_url: str | None = None


class _Remediation(msgspec.Struct, gc=False):
    """What put a deployment right: another one."""

    id: str | None = None
    type: str | None = None


class _Attributes(msgspec.Struct, gc=False):
    """Of a deployment or a failure."""

    id: str | None = None
    service: str | None = None
    services: list[str] | None = None
    env: str | None = None
    version: str | None = None
    team: str | None = None
    name: str | None = None
    severity: str | None = None
    started_at: int | None = None
    finished_at: int | None = None
    git: _Git | None = None
    change_failure: bool | None = None
    remediation: _Remediation | None = None


class _Event(msgspec.Struct, gc=False):
    """A request's or an answer's object."""

    attributes: _Attributes | None = None
    id: str | None = None
    type: str | None = None


class _One(msgspec.Struct, gc=False):
    """One of them."""

    data: _Event


class _Several(msgspec.Struct, gc=False):
    """Several, as the API lists them."""

    data: list[_Event]


def claims(shape: Shape) -> bool:
    """A request's object, or one with Datadog's name for it."""
    data = shape.inside("data")
    if bytes(data.object.get("type", b"")) in _TYPES:
        return True
    told = data.inner("attributes").keys()
    return "type" not in data.object and (told >= _DEPLOYED or told >= _FAILED)


def read(body: bytes) -> list[Reading]:
    """The readings of a request or an answer, earliest first.

    Raises:
        RefusedError: neither; the place is named.
        TooLargeError: a limit was passed.
    """
    raw = read_fields(body, dict[str, msgspec.Raw]).get("data", msgspec.Raw(b"null"))
    several = bytes(raw).lstrip().startswith(b"[")
    found = read_fields(body, _Several).data if several else [read_fields(body, _One).data]
    return by_time(reading for one in found for reading in _readings(one))


def _readings(event: _Event) -> Iterator[Reading]:
    told = event.attributes or _Attributes()
    identity = named(told.id) or named(event.id)
    if told.service is not None and told.finished_at is not None:
        yield _deployment(told, identity or _made(told))
    if identity is not None and (told.change_failure is not None or told.remediation is not None):
        yield from _assessed(told, identity)
    if told.service is None and told.started_at is not None and told.change_failure is None:
        yield from _failure(told, identity)


def _made(told: _Attributes) -> str:
    """An id of a deployment that was told without one, which Datadog then makes."""
    commit = told.git.commit_sha if told.git else None
    return fingerprint_of(told.service, told.env, told.version, commit, str(told.started_at))


def _common(told: _Attributes) -> dict[str, Any]:
    git = told.git or _Git()
    return {
        "environment": named(told.env),
        "release": named(told.version),
        "commit": commit_of(git.commit_sha),
        "repository": repository_of(git.repository_url),
        "team": named(told.team),
        "tool": TOOL,
    }


def _deployment(told: _Attributes, identity: str) -> Reading:
    began, ended = _told(told.started_at), _told(told.finished_at)
    data = _common(told) | {
        "deployment": identity,
        "service": named(told.service),
        # Datadog is told of deployments that reached their environment.
        "outcome": "success",
        "impact": told.change_failure,
        "started_at": began.time if began else None,
        "duration_s": seconds_between(began, ended),
    }
    return fact("deployment.finished", ended, data, kind="dora_deployment")


def _assessed(told: _Attributes, identity: str) -> Iterator[Reading]:
    """What a deployment did, and of the one that put it right whether it took it back."""
    by, kind = told.remediation or _Remediation(), "dora_deployment"
    other = named(by.id)
    data = {
        "deployment": identity,
        "impact": told.change_failure,
        "remediation": named(by.type),
        "remediated_by": other,
        "tool": TOOL,
    }
    yield fact("deployment.assessed", None, data, kind=kind)
    if other is not None and by.type == "rollback":
        back = {"deployment": other, "rolls_back": identity, "tool": TOOL}
        yield fact("deployment.assessed", None, back, kind=kind)
    if other is not None and by.type == "rollforward":
        fixed = {"deployment": other, "remediates": [identity], "tool": TOOL}
        yield fact("deployment.assessed", None, fixed, kind=kind)


def _failure(told: _Attributes, identity: str | None) -> Iterator[Reading]:
    services = [found for one in told.services or () if (found := named(one))]
    began, ended = _told(told.started_at), _told(told.finished_at)
    identity = identity or fingerprint_of(told.name, str(told.started_at))
    data = _common(told) | {
        "incident": identity,
        "title": told.name or None,
        "severity": named(told.severity),
        "service": services[0] if len(services) == 1 else None,
        "services": services if len(services) > 1 else None,
        "started_at": began.time if began else None,
    }
    yield fact("incident.opened", began, data, kind="dora_failure")
    if ended is not None:
        more = {
            "resolved_at": ended.time,
            "duration_s": seconds_between(began, ended),
        }
        yield fact("incident.resolved", ended, data | more, kind="dora_failure")


def _told(ticks: int | None) -> Told | None:
    return told_stamp(ticks) or told_epoch(ticks, 1_000_000_000)


FORMAT: Final = Format("datadog-dora", "Datadog DORA metrics", "application/json", claims, read)
