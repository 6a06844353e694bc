"""Files of Gatekeeper: what they are, and what each of them tells.

The audit tells of each violation on a line of its own; those of one audit and constraint are one
fact. What a webhook decides is a fact each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from intake.gatekeeper.audited import TOOL, Audited, action_of, place_of, verdict_of
from intake.gatekeeper.structure import Constraint, Line, Message, Metadata, Violated
from intake.instant import told_epoch, told_time
from intake.json_body import read_all
from intake.kubernetes.doer import doer_of
from intake.opa.verdicts import reasons_of
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from intake.gatekeeper.structure import Status
    from intake.shape import Members, Shape

_GROUP: Final = b'"constraints.gatekeeper.sh/'
_LOGGED: Final = frozenset({"constraint_kind", "event_type", "constraint_name"})
_PROCESSES: Final = frozenset({b'"audit"', b'"admission"'})
_EXPORTED: Final = frozenset({"eventType", "id"})
_TESTED: Final = frozenset({"msg", "constraint", "violatingObject"})
_AUDITS: Final = (b'"violation_audited"', b'"audit_')
_VIOLATION: Final = "violation_audited"
_CONSTRAINT: Final = "constraint_audited"
_DECIDED: Final = "violation"


def claims(shape: Shape) -> bool:
    """Constraints, lines of the log, messages of the audit, or results of `gator test`."""
    members = shape.object
    listed = shape.first("items")
    return (
        any(_is_constraint(one) for one in (members, listed))
        or members.keys() >= _TESTED
        or _is_line(members)
        or _is_message(members)
    )


def read(body: bytes) -> list[Reading]:
    """The readings of a file.

    Raises:
        RefusedError: nothing that Gatekeeper writes; the place is named.
        TooLargeError: a limit was passed.
    """
    shape = shape_of(body)
    if _is_constraint(shape.object) or _is_constraint(shape.first("items")):
        return by_time(_constraints(read_all(body, Constraint)))
    if shape.object.keys() >= _TESTED:
        return by_time(_tested(read_all(body, Violated)))
    if _is_message(shape.object):
        return by_time(_exported(read_all(body, Message)))
    return by_time(_logged(read_all(body, Line)))


def _constraints(told: Iterable[Constraint]) -> Iterator[Reading]:
    for one in told:
        if one.items is not None:
            yield from _constraints(one.items)
        elif one.status is not None and one.status.audit_timestamp is not None:
            yield _constraint(one, one.status)


def _constraint(one: Constraint, status: Status) -> Reading:
    """What was found by the newest audit; before the first nothing is known."""
    audited = Audited(one.kind, one.metadata.name if one.metadata else None)
    listed = status.violations or ()
    for each in listed:
        action = action_of(each.enforcement_action, each.enforcement_actions)
        audited.add(action, place_of(each.namespace, each.kind, each.name), each.message)
    audited.claimed = status.total_violations
    return audited.reading(
        status.audit_timestamp, action_of(one.spec.enforcement_action if one.spec else None, None)
    )


def _tested(results: Iterable[Violated]) -> Iterator[Reading]:
    """Of `gator test`; constraints that nothing violates are not there."""
    found: dict[tuple[str | None, ...], tuple[Audited, str]] = {}
    for one in results:
        told, thing = one.constraint or Constraint(), one.violating_object or Constraint()
        name = told.metadata.name if told.metadata is not None else None
        action = action_of(one.enforcement_action, None)
        audited, _ = found.setdefault((told.kind, name), (Audited(told.kind, name), action))
        meta = thing.metadata or Metadata()
        audited.add(action, place_of(meta.namespace, thing.kind, meta.name), one.msg)
    for audited, action in found.values():
        yield audited.reading(None, action)


def _exported(messages: Iterable[Message]) -> Iterator[Reading]:
    audits: dict[tuple[str | None, ...], tuple[Audited, str]] = {}
    for one in messages:
        if one.event_type != _VIOLATION:
            continue
        action = action_of(one.enforcement_action, one.enforcement_actions)
        audited, _ = audits.setdefault(
            (one.id, one.kind, one.name), (Audited(one.kind, one.name), action)
        )
        place = place_of(one.resource_namespace, one.resource_kind, one.resource_name)
        audited.add(action, place, one.message)
    for (time, *_), (audited, action) in audits.items():
        yield audited.reading(time, action)


def _logged(lines: Iterable[Line]) -> Iterator[Reading]:
    audits: dict[tuple[str | None, ...], tuple[Audited, str]] = {}
    for one in lines:
        action = action_of(one.constraint_action, one.constraint_enforcement_actions)
        if one.event_type == _DECIDED:
            yield _decided(one, action)
        if one.event_type not in (_VIOLATION, _CONSTRAINT):
            continue
        key = (one.audit_id, one.constraint_kind, one.constraint_name)
        audited, _ = audits.setdefault(key, (Audited(*key[1:]), action))
        if one.event_type == _CONSTRAINT:
            audited.claimed = one.constraint_violations
        else:
            place = place_of(one.resource_namespace, one.resource_kind, one.resource_name)
            audited.add(action, place, one.msg)
    for (time, *_), (audited, action) in audits.items():
        yield audited.reading(time, action)


def _decided(one: Line, action: str) -> Reading:
    space = named(one.resource_namespace)
    data = doer_of(one.request_username) | {
        "policy": named("/".join(filter(None, (one.constraint_kind, one.constraint_name)))) or TOOL,
        "decision": verdict_of(action),
        "resource": place_of(space, one.resource_kind, one.resource_name),
        "reasons": reasons_of([one.msg]),
        "environment": space,
        "environment_basis": "namespace" if space else None,
        "reported_outcome": action,
        "tool": TOOL,
    }
    told = told_time(one.ts) if isinstance(one.ts, str) else told_epoch(one.ts)
    return fact("admission.decided", told, data, kind="admission")


def _is_constraint(members: Members) -> bool:
    return bytes(members.get("apiVersion", b"")).startswith(_GROUP)


def _is_line(members: Members) -> bool:
    process = bytes(members.get("process", msgspec.Raw(b"")))
    return process in _PROCESSES and (members.keys() >= _LOGGED or "audit_id" in members)


def _is_message(members: Members) -> bool:
    return members.keys() >= _EXPORTED and bytes(members["eventType"]).startswith(_AUDITS)


FORMAT: Final = Format(
    "gatekeeper", "Gatekeeper logs, exports, constraints", "application/json", claims, read
)
