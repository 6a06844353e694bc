"""Alerts as Kibana stores them (`kibana.alert.*`), alone, in an array, or as a search finds them.

Fields are written with dots in their names or as objects in each other: either is the same. What
Elastic Security detected is a threat; anything else that a rule noticed is an alert.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.fingerprint import fingerprint_of
from intake.instant import told_time
from intake.json_body import read_all, read_fields
from intake.order import by_time
from intake.person import person_of
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.severity import of_word

if TYPE_CHECKING:
    from intake.shape import Members, Shape

_STEM: Final = "kibana.alert."
_OLD: Final = "signal."
"""Where Elastic Security kept its detections before version 8."""
_SECURITY: Final = "siem"
_ENDED: Final = frozenset({"recovered", "untracked"})


class _Hit(msgspec.Struct, gc=False):
    """A document that a search found."""

    source: dict[str, msgspec.Raw] | None = msgspec.field(name="_source", default=None)


class _Hits(msgspec.Struct, gc=False):
    """What was found."""

    hits: list[_Hit]


class _Answer(msgspec.Struct, gc=False):
    """A search's answer."""

    hits: _Hits


def claims(shape: Shape) -> bool:
    """A document with a rule of Kibana and an alert's id."""
    if is_alert(shape.object):
        return True
    return is_alert(shape.inside("hits").inside("hits").inner("_source"))


def is_alert(document: Members) -> bool:
    """Whether a document is an alert."""
    if told(document, _OLD + "rule.name") is not None:
        return told(document, _OLD + "status") is not None
    uuid = told(document, _STEM + "uuid") or told(document, _STEM + "rule.uuid")
    return uuid is not None and told(document, _STEM + "rule.name") is not None


def told(document: Members, path: str) -> str | None:
    """The text at a path of names with dots between them, however it is written."""
    raw = document.get(path)
    if raw is not None:
        return _text(raw)
    head, _, rest = path.partition(".")
    while rest:
        inner = _members(document.get(head))
        if inner is not None and (found := told(inner, rest)) is not None:
            return found
        step, _, rest = rest.partition(".")
        head = f"{head}.{step}"
    return None


def _text(raw: msgspec.Raw) -> str | None:
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, str) else None


def _members(raw: msgspec.Raw | None) -> Members | None:
    try:
        return msgspec.json.decode(raw, type=dict[str, msgspec.Raw]) if raw is not None else None
    except (msgspec.DecodeError, RecursionError):
        return None


def read(body: bytes) -> list[Reading]:
    """The readings of alerts, earliest first.

    Raises:
        RefusedError: no alerts; the place is named.
        TooLargeError: a limit was passed.
    """
    documents = read_all(body, dict[str, msgspec.Raw])
    if len(documents) == 1 and "hits" in documents[0]:
        documents = [one.source for one in read_fields(body, _Answer).hits.hits if one.source]
    found = (_read(one) for one in documents)
    return by_time(one for one in found if one is not None)


def _signal(document: Members) -> Reading | None:
    """A detection of before version 8, whose document has no id of its own in it."""
    rule, at = told(document, _OLD + "rule.id"), told(document, "@timestamp")
    severity, host = named(told(document, _OLD + "rule.severity")), told(document, "host.name")
    began = told_time(told(document, _OLD + "original_time"))
    data: dict[str, Any] = {
        "fingerprint": fingerprint_of(rule, at, host, told(document, "user.name")),
        "rule": named(told(document, _OLD + "rule.name")),
        "priority": severity,
        "severity": of_word(severity) if severity else None,
        "target": named(host),
        "actor": person_of("elastic", login=told(document, "user.name")),
        "started_at": began.time if began and began.local is None else None,
        "tool": "Elastic Security",
        "reported_outcome": named(told(document, _OLD + "status")),
    }
    return fact("threat.detected", told_time(at), data, kind="signal")


def _read(document: Members) -> Reading | None:
    if told(document, _OLD + "rule.name") is not None:
        return _signal(document)

    def said(name: str) -> str | None:
        return named(told(document, _STEM + name))

    rule, status = said("rule.uuid"), (said("status") or "active").lower()
    identity = said("uuid") or (named(f"{rule}:{said('instance.id') or ''}") if rule else None)
    if identity is None:
        return None
    secure = _SECURITY in (said("rule.consumer"), said("rule.producer"))
    what = "threat.detected" if secure else "alert.fired"
    what = "alert.resolved" if status in _ENDED and not secure else what
    began, ended = told_time(said("start") or said("original_time")), told_time(said("end"))
    severity = said("severity")
    at = told_time(told(document, "@timestamp")) or ended or began
    service = named(told(document, "service.name"))
    data: dict[str, Any] = {
        "fingerprint": identity,
        "rule": said("rule.name"),
        "priority": severity,
        "severity": of_word(severity) if severity else None,
        "target": named(told(document, "host.name")) or said("instance.id"),
        "actor": person_of("elastic", login=told(document, "user.name")) if secure else None,
        "service": service,
        "environment": named(told(document, "service.environment")),
        "description": told(document, _STEM + "reason"),
        "started_at": began.time if began and began.local is None else None,
        "ended_at": ended.time if ended and what == "alert.resolved" else None,
        "tool": "Elastic Security" if secure else "Kibana",
        "tool_version": named(told(document, "kibana.version")),
        "reported_outcome": named(status),
    }
    return fact(what, at, data, kind=said("rule.rule_type_id") or "alert")


FORMAT: Final = Format("elastic", "Elastic alerts", "application/json", claims, read)
