"""Grafana's webhook contact point: groups of labelled alerts, and the alerts of before version 9.

What the old ones are told of is a rule: it has no time, and no instance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.address import address_of, site_of
from intake.json_body import read_fields, read_members
from intake.labelled import Group, readings_of
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import AnyOf, Basic, Shared, Signed, Stamped
from intake.sender import Sender

if TYPE_CHECKING:
    from intake.shape import Shape

TOOL: Final = "Grafana"
_MARKS: Final = frozenset({"alerts", "orgId", "status"})
_VERSION: Final = "1"
_OLD: Final = frozenset({"ruleId", "ruleName", "state"})
_STATES: Final = {
    "alerting": "alert.fired", "no_data": "alert.fired", "ok": "alert.resolved",
}  # fmt: skip


class _Match(msgspec.Struct, gc=False):
    """A series that an old rule was true for."""

    tags: dict[str, Any] | None = None


class _Rule(msgspec.Struct, gc=False, rename="camel"):
    """An old rule and its state."""

    rule_id: int
    state: str
    rule_name: str | None = None
    rule_url: str | None = None
    message: str | None = None
    org_id: int | None = None
    eval_matches: list[_Match] | None = None


def claims(shape: Shape) -> bool:
    """A group with its organisation, or an old rule with its state."""
    told = (shape.members or {}).keys()
    if told >= _OLD:
        return True
    return "alerts" in told and (
        told >= _MARKS or (shape.text("version") == _VERSION and "groupKey" in told)
    )


def read(body: bytes) -> list[Reading]:
    """The readings of a notification, earliest first.

    Raises:
        RefusedError: no notification; the place is named.
        TooLargeError: a limit was passed.
    """
    if "alerts" in read_members(body):
        return by_time(readings_of(read_fields(body, Group), TOOL))
    return _old(read_fields(body, _Rule))


def _old(rule: _Rule) -> list[Reading]:
    what = _STATES.get(rule.state)
    if what is None:
        return []
    matches = rule.eval_matches or ()
    instance = (matches[0].tags or {}).get("instance") if len(matches) == 1 else None
    data = {
        # Ids of rules are those of an organisation, of which most installations have one.
        "fingerprint": named(f"{rule.org_id or 1}.{rule.rule_id}"),
        "rule": named(rule.rule_name),
        "target": named(instance) if isinstance(instance, str) else None,
        "description": rule.message or None,
        "url": address_of(rule.rule_url),
        "tool": TOOL,
        "reported_outcome": rule.state,
    }
    return [fact(what, None, data, kind=rule.state, source=site_of(rule.rule_url))]


_ENTER: Final = (
    "Alerting, Contact points, Webhook: URL as above, and in its optional settings the secret "
    "below HMAC Signature"
)
_SIGNATURE: Final = "x-grafana-alerting-signature"
FORMAT: Final = Format("grafana", "Grafana webhook", "application/json", claims, read)
SENDER: Final = Sender(
    name="grafana",
    title=TOOL,
    scheme=AnyOf((
        # A signature with a time is one without for a body that begins with it, which is no JSON.
        Stamped(_SIGNATURE, "x-grafana-alerting-signature-timestamp", _ENTER),
        Stamped(_SIGNATURE, "x-grafana-alerting-timestamp", _ENTER),
        Signed(_SIGNATURE, _ENTER),
        Shared("authorization", _ENTER, prefix="Bearer "),
        Basic(_ENTER),
    )),
    formats=(FORMAT,),
)  # fmt: skip
