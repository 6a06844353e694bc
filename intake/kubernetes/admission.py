"""Admission reviews: what the API server asked a webhook, and what it was answered.

A review has no time and does not name the webhook. The object itself, which may be a secret, is
not decoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from domain.errors import RefusedError
from intake.json_body import read_all
from intake.kubernetes.doer import doer_of
from intake.opa.verdicts import reasons_of
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Members, Shape

_GROUP: Final = b'"admission.k8s.io/'
_REVIEW: Final = b'"AdmissionReview"'
_POLICY: Final = "admission webhook"


class _Object(msgspec.Struct, gc=False, rename="camel"):
    """An object; any field may be missing or null."""


class Kind(_Object):
    """A kind of objects, or a user."""

    kind: str | None = None
    username: str | None = None


class Request(_Object):
    """What was asked."""

    uid: str | None = None
    kind: Kind | None = None
    sub_resource: str | None = None
    name: str | None = None
    namespace: str | None = None
    operation: str | None = None
    user_info: Kind | None = None
    dry_run: bool | None = None


class Status(_Object):
    """Why it was refused."""

    message: str | None = None
    reason: str | None = None


class Response(_Object):
    """What was answered."""

    uid: str | None = None
    allowed: bool | None = None
    status: Status | None = None
    warnings: list[str] | None = None
    patch_type: str | None = None


class Review(_Object):
    """A review."""

    request: Request | None = None
    response: Response | None = None


def claims(shape: Shape) -> bool:
    """Reviews, one or several."""
    return _is_review(shape.object)


def _is_review(members: Members) -> bool:
    return bytes(members.get("kind", b"")) == _REVIEW and bytes(
        members.get("apiVersion", b"")
    ).startswith(_GROUP)


def read(body: bytes) -> list[Reading]:
    """The readings of reviews that were answered; a question and its answer may lie apart.

    Raises:
        RefusedError: no reviews, or none of them is answered; the place is named.
        TooLargeError: a limit was passed.
    """
    reviews = read_all(body, Review)
    asked = {one.request.uid: one.request for one in reviews if one.request and one.request.uid}
    answered = [
        (one.request or asked.get(one.response.uid or "") or Request(), one.response)
        for one in reviews
        if one.response is not None and one.response.allowed is not None
    ]
    if not answered:
        raise RefusedError("field response", "no review is answered")
    # Nothing comes of what is only tried.
    return by_time(_reading(*both) for both in answered if not both[0].dry_run)


def _reading(request: Request, response: Response) -> Reading:
    status, warnings = response.status or Status(), response.warnings or []
    space = named(request.namespace)
    kind = request.kind.kind if request.kind else None
    admitted = "warn" if warnings else "allow"
    data = doer_of(request.user_info.username if request.user_info else None) | {
        "policy": _POLICY,
        "decision": admitted if response.allowed else "deny",
        "resource": named(
            "/".join(filter(None, (space, kind, request.name, request.sub_resource)))
        ),
        "reasons": reasons_of([status.message or status.reason, *warnings]),
        "environment": space,
        "environment_basis": "namespace" if space else None,
        "action": named((request.operation or "").lower()),
        "changed": True if response.patch_type else None,
        "review": named(response.uid or request.uid),
        "reported_outcome": str(bool(response.allowed)).lower(),
        "tool": "Kubernetes",
    }
    return fact("admission.decided", None, data, kind="AdmissionReview")


FORMAT: Final = Format(
    "admission-review", "Kubernetes admission reviews", "application/json", claims, read
)
