"""Conjur's audit: lines of RFC 5424 whose structured data has the enterprise number 43868."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from domain.errors import RefusedError
from intake.buffer import lines_of
from intake.instant import told_time
from intake.order import by_time
from intake.person import account_of
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Shape

SYSTEM: Final = "conjur"
_MARK: Final = "@43868"
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T[0-9:.]+(?:Z|[+-]\d{2}:?\d{2})")
_ELEMENT: Final = re.compile(r"\[([a-z]+)@43868((?: [a-zA-Z_-]+=\"(?:[^\"\\]|\\.)*+\")*+)\]")
_PARAM: Final = re.compile(r' ([a-zA-Z_-]+)="((?:[^"\\]|\\.)*+)"')
_VARIABLE: Final = ":variable:"
_SUBJECT: Final = ("resource", "role", "grant", "policy", "account", "member")


def claims(shape: Shape) -> bool:
    """Conjur's structured data."""
    return _MARK in shape.head and "[action" + _MARK in shape.head


def read(body: bytes) -> list[Reading]:
    """The readings of lines that an event type is for, earliest first.

    Raises:
        RefusedError: no line is of Conjur.
        TooLargeError: a limit was passed.
    """
    lines = [line.decode() for line in lines_of(body) if line.strip()]
    if not any(_MARK in line for line in lines):
        raise RefusedError("document", "no line is of Conjur's audit")
    found = (_read(line) for line in lines)
    return by_time(one for one in found if one is not None)


def _read(line: str) -> Reading | None:
    told = {one[1]: dict(_PARAM.findall(one[2])) for one in _ELEMENT.finditer(line)}
    action = told.get("action", {})
    operation, result = action.get("operation", ""), action.get("result", "")
    outcome = {"success": "success", "failure": "failure"}.get(result)
    subject, user = told.get("subject", {}), told.get("auth", {}).get("user")
    what = next((named(subject[name]) for name in _SUBJECT if subject.get(name)), None)
    data: dict[str, Any] = _who(user) | {
        "operation": named(operation),
        "tool": "Conjur",
        "reported_outcome": named(result),
    }
    moment = _TIME.search(line)
    stamp = told_time(moment[0]) if moment else None

    def reading(kind: str, **more: object) -> Reading:
        return fact(kind, stamp, data | more, kind=named(operation))

    if operation == "fetch" and what is not None:
        return reading("secret.accessed", path=what, system=SYSTEM, outcome=outcome)
    if operation == "update" and what is not None and _VARIABLE in what:
        if outcome == "success":
            return reading("secret.rotated", path=what, system=SYSTEM)
        return reading("config.changed", resource=what, action=operation, outcome=outcome)
    if operation in ("authenticate", "login", "validate-status") and outcome == "failure":
        return reading("login.failed", target=told.get("auth", {}).get("service") or SYSTEM)
    if operation in ("add", "change", "remove") and what is not None and "policy" in told:
        kind = f"{operation}.{'.'.join(sorted(subject))}"
        return reading("config.changed", resource=what, action=kind, outcome=outcome)
    return None


def _who(user: str | None) -> dict[str, Any]:
    """A user is a person, a host is a workload: `account:user:mia`."""
    name = named(user)
    if name is None:
        return {}
    kind, _, login = name.partition(":")[2].partition(":")
    if kind == "host" or login.startswith("host/"):
        return {"workload": login or name}
    return {"actor": account_of(SYSTEM, login or name)}


FORMAT: Final = Format("conjur", "Conjur audit", "text/plain", claims, read)
