"""Records as the Table API gives them and business rules send them.

A record says its table in `sys_class_name`, a delivery in `table`; a number's letters say it else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.json_body import read_fields
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import AnyOf, Basic, Shared
from intake.sender import Sender
from intake.servicenow.fields import SYSTEM, instant_of, login, person, shown, time_of, value_of
from intake.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from intake.shape import Members, Shape

_TOOL: Final = "ServiceNow"
_HOLDERS: Final = ("record", "result", "current", "data", "payload")
_TABLES: Final = {
    "change_request": "change", "incident": "incident", "problem": "problem",
    "sc_request": "request", "sc_req_item": "request", "change_task": "task", "sc_task": "task",
    "incident_task": "task",
}  # fmt: skip
_CLASSES: Final = {"change request": "change_request", "requested item": "sc_req_item"}
_NUMBERS: Final = {
    "CHG": "change_request", "INC": "incident", "PRB": "problem", "REQ": "sc_request",
    "RITM": "sc_req_item", "CTASK": "change_task", "SCTASK": "sc_task",
}  # fmt: skip
_NUMBER: Final = re.compile(r"(CHG|INC|PRB|REQ|RITM|CTASK|SCTASK)\d{3,}")
_APPROVERS: Final = frozenset({"sysapproval_approver", "sysapproval_group"})
_ENDS: Final = {
    "change_request": frozenset({"3", "4"}), "incident": frozenset({"7", "8"}),
    "problem": frozenset({"4", "107"}),
}  # fmt: skip
_ENDED: Final = frozenset({"3", "4", "7"})
_ENDED_WORDS: Final = re.compile(r"clos|cancel", re.IGNORECASE)
_INSERTS: Final = frozenset({"insert", "inserted", "create", "created", "new"})
_VERDICTS: Final = {
    "approved": "approved", "rejected": "rejected", "requested": "requested",
    "cancelled": "withdrawn", "canceled": "withdrawn",
}  # fmt: skip
_BESIDE: Final = frozenset({"sys_id", "state", "short_description"})
_APPROVAL: Final = frozenset({"sysapproval", "approver", "state"})


def claims(shape: Shape) -> bool:
    """A record of a table that is known, alone, in a list, or under one of its usual names."""
    members = shape.members or shape.element or {}
    if _is_record(members):
        return True
    for name in _HOLDERS:
        raw = members.get(name)
        if raw is None:
            continue
        inner = shape_of(bytes(raw))
        if _is_record(inner.members or inner.element or {}):
            return True
    return False


def _is_record(members: Members) -> bool:
    if members.keys() >= _APPROVAL:
        return bool({"sys_id", "document_id", "source_table", "sys_updated_on"} & members.keys())
    number = bytes(members.get("number", b"")).decode(errors="ignore")
    return bool(_BESIDE & members.keys()) and _NUMBER.search(number) is not None


class _Delivery(msgspec.Struct, gc=False):
    """What a business rule tells beside the record."""

    table: Any = None
    table_name: Any = None
    operation: Any = None
    action: Any = None
    event: Any = None


def read(body: bytes) -> list[Reading]:
    """The readings of records.

    Raises:
        RefusedError: no record; the place is named.
        TooLargeError: a limit was passed.
    """
    told = read_fields(body, Any)
    outer = read_fields(body, _Delivery) if isinstance(told, dict) else _Delivery()
    return by_time(
        reading for record in _records(told)
        if (reading := _reading(record, outer)) is not None
    )  # fmt: skip


def _records(told: object) -> Iterator[dict[str, Any]]:
    if isinstance(told, list):
        yield from (one for one in told if isinstance(one, dict))
    elif isinstance(told, dict):
        if {"number", "approver"} & told.keys():
            yield told
            return
        holder = next((told[name] for name in _HOLDERS if isinstance(told.get(name), dict | list)),
                      None)  # fmt: skip
        several = holder if isinstance(holder, list) else [holder]
        yield from (one for one in several if isinstance(one, dict))


def _reading(record: dict[str, Any], outer: _Delivery) -> Reading | None:
    table = _table(record, outer)
    if table in _APPROVERS:
        return _approval(record)
    return _ticket(record, table, outer) if table in _TABLES else None


def _table(record: dict[str, Any], outer: _Delivery) -> str:
    for told in (outer.table, outer.table_name, value_of(record, "sys_class_name")):
        if isinstance(told, str) and told:
            return _CLASSES.get(told.lower(), told.lower().replace(" ", "_"))
    if record.keys() >= _APPROVAL:
        return "sysapproval_approver"
    found = _NUMBER.match(shown(record, "number") or "")
    return _NUMBERS[found[1]] if found is not None else ""


def _ticket(record: dict[str, Any], table: str, outer: _Delivery) -> Reading | None:
    key = named(shown(record, "number"))
    if key is None:
        return None
    word = next((one for one in (outer.operation, outer.action, outer.event)
                 if isinstance(one, str)), "")  # fmt: skip
    is_closed = _is_closed(record, table)
    made = value_of(record, "sys_mod_count") == "0"
    data: dict[str, Any] = {
        "system": SYSTEM,
        "tool": _TOOL,
        "key": key,
        "ticket": key,
        "kind": _TABLES[table],
        "change_type": named(shown(record, "type")) if table == "change_request" else None,
        "title": shown(record, "short_description"),
        "description": shown(record, "description"),
        "status": named(shown(record, "state")),
        "approval_state": named(shown(record, "approval")),
        "risk": named(shown(record, "risk")),
        "impact": shown(record, "risk_impact_analysis") or shown(record, "impact"),
        "back_out": shown(record, "backout_plan"),
        "assignee": person(record, "assigned_to"),
        "requester": person(record, "requested_by") or person(record, "opened_by"),
        "window_from": instant_of(record, "start_date"),
        "window_until": instant_of(record, "end_date"),
        "service": named(_label(record, "business_service")),
    }
    if is_closed:
        what = "ticket.closed"
        data["resolution"] = named(shown(record, "close_code"))
        data["actor"] = person(record, "closed_by") or login(record, "sys_updated_by")
        at = time_of(record, "closed_at") or time_of(record, "sys_updated_on")
    elif word.strip().lower() in _INSERTS or made:
        what = "ticket.opened"
        data["actor"] = person(record, "opened_by") or login(record, "sys_created_by")
        at = time_of(record, "opened_at") or time_of(record, "sys_created_on")
    else:
        what = "ticket.updated"
        data["actor"] = login(record, "sys_updated_by")
        at = time_of(record, "sys_updated_on")
    return fact(what, at, data, kind=f"{table}.{word}" if word else table)


def _is_closed(record: dict[str, Any], table: str) -> bool:
    state = value_of(record, "state") or ""
    if state.lstrip("-").isdigit():
        return state in _ENDS.get(table, _ENDED)
    return _ENDED_WORDS.search(state) is not None


def _approval(record: dict[str, Any]) -> Reading | None:
    """Somebody was asked, or answered, or is not asked any more."""
    word = value_of(record, "state") or ""
    verdict = _VERDICTS.get(word.lower())
    asked = named(_label(record, "sysapproval")) or named(_label(record, "document_id"))
    identity = named(value_of(record, "sys_id"))
    if verdict is None or (identity is None and asked is None):
        return None
    who = person(record, "approver")
    data: dict[str, Any] = {
        "approval": identity or asked,
        "verdict": verdict,
        "system": SYSTEM,
        "tool": _TOOL,
        "ticket": asked,
        "reported_outcome": named(word),
        "comment": shown(record, "comments"),
        "role": named(_label(record, "group")),
    }
    if verdict in ("approved", "rejected"):
        # Somebody else may have written the answer down.
        data |= {"approver": who, "actor": login(record, "sys_updated_by")}
    at = time_of(record, "sys_updated_on") or time_of(record, "sys_created_on")
    return fact("approval.reported", at, data, kind="sysapproval_approver")


def _label(record: Mapping[str, Any], name: str) -> str | None:
    """What a reference is shown as; an id alone names nothing that people know."""
    told = shown(record, name)
    return None if told is None or re.fullmatch(r"[0-9a-f]{32}", told) else told


_ENTER: Final = (
    "in the business rule's sn_ws.RESTMessageV2: endpoint as above, setBasicAuth('pipeledger', "
    "the secret) from a credential, or the header Authorization: Bearer and the secret"
)
FORMAT: Final = Format("servicenow", "ServiceNow records", "application/json", claims, read)
SENDER: Final = Sender(
    name="servicenow",
    title="ServiceNow",
    scheme=AnyOf((Basic(_ENTER), Shared("authorization", _ENTER, prefix="Bearer "))),
    formats=(FORMAT,),
)
