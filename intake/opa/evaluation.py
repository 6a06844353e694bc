"""What `opa eval` writes: JSON, and the raw value of packages.

One `policy.evaluated` for each package that has rules which decide by convention, and for each
rule that was asked for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.errors import RefusedError
from intake.json_body import read_fields, read_members
from intake.opa.findings import Findings
from intake.opa.verdicts import packages_in, path_of, reasons_of, verdict_of
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Shape

_TOOL: Final = "opa"
_QUERY: Final = "ad-hoc query"


class _Object(msgspec.Struct, gc=False):
    """An object; any field may be missing or null."""


class Expression(_Object):
    """One expression of the query and its value."""

    value: Any = None
    text: str | None = None


class Solution(_Object):
    """One solution of the query."""

    expressions: list[Expression] | None = None


class RegoError(_Object):
    """Why the query was not answered."""

    message: str | None = None
    code: str | None = None


class Evaluation(_Object):
    """What was written."""

    result: list[Solution] | None = None
    errors: list[RegoError] | None = None


def claims(shape: Shape) -> bool:
    """Results with expressions, errors of Rego, or packages with rules that decide."""
    if shape.members is None:
        return False
    if "expressions" in shape.first("result"):
        return True
    if "errors" in shape.members and b'"rego_' in bytes(shape.members["errors"]):
        return True
    return _is_raw(shape)


def _is_raw(shape: Shape) -> bool:
    """Objects alone, one of them with a set of denials."""
    members = shape.members or {}
    if not members or any(bytes(one)[:1] != b"{" for one in members.values()):
        return False
    rules = (bytes(shape.inner(name).get("deny", b""))[:1] for name in members)
    return any(first == b"[" for first in rules)


def read(body: bytes) -> list[Reading]:
    """The readings of a file.

    Raises:
        RefusedError: nothing that `opa eval` writes; the place is named.
        TooLargeError: a limit was passed.
    """
    shape = read_members(body)
    if "result" not in shape and "errors" not in shape:
        packages = packages_in((), read_fields(body, dict))
        return by_time(_reading(path, value) for path, value in packages)
    told = read_fields(body, Evaluation)
    if told.errors:
        codes = [one.code for one in told.errors]
        return [fact("policy.evaluated", None, {
            "policy": _QUERY,
            "decision": "undecided",
            "reported_outcome": named(codes[0]),
            "reasons": reasons_of(one.message for one in told.errors),
            "tool": _TOOL,
        })]  # fmt: skip
    found = by_time(
        reading
        for solution in told.result or ()
        for expression in solution.expressions or ()
        for reading in _expression(expression)
    )
    if not found:
        raise RefusedError("field result", "no rule was asked for")
    return found


def _expression(one: Expression) -> Iterator[Reading]:
    path = path_of(one.text or "")
    steps = tuple(path.split("/")) if path else ()
    packages = list(packages_in(steps, one.value))
    if packages:
        for found, value in packages:
            yield _reading(found, value)
    else:
        yield _reading(steps or (_QUERY,), one.value)


def _reading(path: tuple[str, ...], value: Any) -> Reading:  # noqa: ANN401 - JSON
    verdict = verdict_of(path[-1] if path else "", value)
    findings = Findings(_TOOL)
    policy = named("/".join(path)) or "data"
    for rule, said in verdict.said.items():
        place = policy if path and path[-1] == rule else f"{policy}/{rule}"
        kind = "warning" if rule.startswith("warn") else "failure"
        for one in said:
            findings.add(kind, place, None, one.identity)
    document = findings.document()
    return fact("policy.evaluated", None, {
        "policy": policy,
        "decision": verdict.decision,
        "reported_outcome": str(value).lower() if isinstance(value, bool) else None,
        "counts": verdict.counts,
        "counted": "messages by rule" if verdict.said else None,
        "reasons": verdict.reasons,
        "findings": document.digest if document else None,
        "findings_count": len(findings) if verdict.said else None,
        "tool": _TOOL,
    }, documents=[document])  # fmt: skip


FORMAT: Final = Format("opa-eval", "opa eval", "application/json", claims, read)
