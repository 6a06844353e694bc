"""OPA's decision log: batches as it uploads them, and lines of its console.

Input, cached results of built-in functions and who asked are not read: they hold what people sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.errors import RefusedError
from intake.instant import told_time
from intake.json_body import read_all, read_fields
from intake.kubernetes.doer import doer_of
from intake.number import seconds_of
from intake.opa.verdicts import path_of, reasons_of, verdict_of
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import Shared
from intake.sender import Sender

if TYPE_CHECKING:
    from intake.shape import Shape

_CONSOLE: Final = "openpolicyagent.org/decision_logs"
_AD_HOC: Final = "ad-hoc query"
_NANOS: Final = 1_000_000_000


class _Object(msgspec.Struct, gc=False):
    """An object; any field may be missing or null."""


class Bundle(_Object):
    """Where a policy came from."""

    revision: str | None = None


class Decision(_Object):
    """One decision."""

    decision_id: str | None = None
    labels: dict[str, Any] | None = None
    bundles: dict[str, Bundle | None] | None = None
    revision: str | None = None
    path: str | None = None
    query: str | None = None
    input: msgspec.Raw = msgspec.Raw(b"null")
    result: Any = None
    error: Any = None
    timestamp: str | None = None
    metrics: dict[str, Any] | None = None


class Named(_Object):
    """A kind of Kubernetes objects, or a user."""

    kind: str | None = None
    username: str | None = None


class Request(_Object):
    """What a cluster asks about."""

    kind: Named | None = None
    name: str | None = None
    namespace: str | None = None
    userInfo: Named | None = None  # noqa: N815 - as it stands there


class Review(_Object):
    """The input of an admission decision."""

    request: Request | None = None


def claims(shape: Shape) -> bool:
    """Decisions with their ids, or the lines that an OPA server begins with."""
    members = shape.object
    if shape.text("type") == _CONSOLE:
        return True
    if shape.text("msg") == "Initializing server." and "addrs" in members:
        return True
    return "decision_id" in members and "timestamp" in members and (
        bool({"path", "query"} & members.keys()) and bool({"labels", "result"} & members.keys())
    )  # fmt: skip


def read(body: bytes) -> list[Reading]:
    """The readings of a file; other lines of a console are passed over.

    Raises:
        RefusedError: no decision log; the place is named.
        TooLargeError: a limit was passed.
    """
    decisions = read_all(body, Decision)
    return by_time(_reading(one) for one in decisions if one.decision_id)


def _reading(one: Decision) -> Reading:
    labels = one.labels or {}
    path = named((one.path or "").strip("/")) or path_of(one.query or "") or _AD_HOC
    metrics = one.metrics or {}
    spent = metrics.get("timer_server_handler_ns", metrics.get("timer_rego_query_eval_ns"))
    app = _label(labels, "app")
    data: dict[str, Any] = {
        "policy": path,
        "decision_id": named(one.decision_id),
        "bundles": _bundles(one),
        "service": app,
        "service_basis": "label" if app else None,
        "environment": _label(labels, "environment"),
        "runner": _label(labels, "id"),
        "tool": "opa",
        "tool_version": _label(labels, "version"),
        "duration_s": seconds_of(spent, _NANOS),
    }
    told = told_time(one.timestamp)
    if one.error is None and (admitted := _admission(one)) is not None:
        return fact("admission.decided", told, data | admitted)
    verdict = verdict_of(path.rpartition("/")[2], one.result)
    more: dict[str, Any] = {
        "decision": verdict.decision,
        "reported_outcome": _reported(one.result),
        "counts": verdict.counts,
        "counted": "messages by rule" if verdict.said else None,
        "reasons": verdict.reasons,
    }
    if one.error is not None:
        error = one.error if isinstance(one.error, dict) else {}
        code, text = error.get("code"), error.get("message")
        more = {
            "decision": "undecided",
            "reported_outcome": named(code) if isinstance(code, str) else "error",
            "reasons": reasons_of([text if isinstance(text, str) else None]),
        }
    return fact("policy.evaluated", told, data | more)


def _admission(one: Decision) -> dict[str, Any] | None:
    """What a cluster was answered, where the result is an answer to it."""
    response = one.result.get("response") if isinstance(one.result, dict) else None
    allowed = response.get("allowed") if isinstance(response, dict) else None
    if not isinstance(response, dict) or not isinstance(allowed, bool):
        return None
    status = response.get("status")
    texts = [status.get(name) for name in ("message", "reason")] if isinstance(status, dict) else []
    try:
        request = read_fields(bytes(one.input), Review).request or Request()
    except RefusedError:
        request = Request()
    steps = (request.namespace, request.kind.kind if request.kind else None, request.name)
    user = request.userInfo.username if request.userInfo else None
    return doer_of(user) | {
        "decision": "allow" if allowed else "deny",
        "reported_outcome": str(allowed).lower(),
        "resource": named("/".join(step for step in steps if step)),
        "reasons": reasons_of(text for text in texts if isinstance(text, str)),
    }


def _bundles(one: Decision) -> dict[str, str] | None:
    told = {name: bundle.revision for name, bundle in (one.bundles or {}).items() if bundle}
    if one.revision:
        told.setdefault("bundle", one.revision)
    found = {named(name): named(revision) for name, revision in told.items()}
    return {name: revision for name, revision in found.items() if name and revision} or None


def _reported(result: Any) -> str | None:  # noqa: ANN401 - JSON
    if result is None:
        return "undefined"
    return str(result).lower() if isinstance(result, bool) else None


def _label(labels: dict[str, Any], name: str) -> str | None:
    value = labels.get(name)
    return named(value) if isinstance(value, str) else None


FORMAT: Final = Format("opa-decision-log", "OPA decision log", "application/json", claims, read)
SENDER: Final = Sender(
    name="opa",
    title="OPA",
    scheme=Shared(
        "authorization",
        "OPA's configuration: services.ledger.url is the address up to /v1, "
        "services.ledger.credentials.bearer.token the secret, decision_logs.service ledger, "
        "decision_logs.resource the rest of the address from /v1 on",
        prefix="Bearer ",
    ),
    formats=(FORMAT,),
)
