"""Files and notifications: what they are, and which reader they go to."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final, TypeVar

from intake.argocd.application import deployments_of, operation_of
from intake.argocd.rollout import rollout_of
from intake.argocd.structure import (
    Application,
    Listed,
    Notification,
    Rollout,
)
from intake.json_body import read_fields
from intake.order import by_time
from intake.report import Format, Reading
from intake.schemes import by_token
from intake.sender import Sender
from intake.shape import shape_of

if TYPE_CHECKING:
    from intake.shape import Members, Shape

T = TypeVar("T")

_LISTS: Final = frozenset({"List", "ApplicationList", "RolloutList"})
_GROUP: Final = '"argoproj.io/'
_ENTER: Final = (
    "service.webhook in argocd-notifications-cm: url as above, header Authorization: Bearer and "
    "the secret (or basicAuth with any username and the secret as password)"
)


def claims(shape: Shape) -> bool:
    """Applications or rollouts: one, a list, or an array."""
    one = _first(shape)
    return _is_application(one) or _is_rollout(one)


def claims_bare(shape: Shape) -> bool:
    """One application."""
    return _is_application(shape.members or {})


def claims_notification(shape: Shape) -> bool:
    """An application in a member `app`."""
    app = shape.inner("app")
    return bool(shape.members) and "metadata" in app and "status" in app


def read(body: bytes) -> list[Reading]:
    """The readings of applications and rollouts.

    Raises:
        RefusedError: neither; the place is named.
        TooLargeError: a limit was passed.
    """
    shape = shape_of(body)
    if _is_rollout(_first(shape)):
        rollouts = _all(shape, body, Rollout)
        return by_time(one for each in rollouts for one in rollout_of(each))
    applications = _all(shape, body, Application)
    return by_time(one for each in applications for one in deployments_of(each))


def _all(shape: Shape, body: bytes, kind: type[T]) -> list[T]:
    """One, an array, or the items of a list."""
    if shape.element is not None:
        return read_fields(body, list[kind])  # type: ignore[valid-type]
    if "items" in (shape.members or {}):
        return read_fields(body, Listed[kind]).items  # type: ignore[valid-type]
    return [read_fields(body, kind)]


def read_notification(body: bytes) -> list[Reading]:
    """The operation that a notification tells of.

    Raises:
        RefusedError: no notification; the place is named.
        TooLargeError: a limit was passed.
    """
    if claims_bare(shape_of(body)):
        return operation_of(read_fields(body, Application))
    told = read_fields(body, Notification)
    return operation_of(told.app, told.service, told.environment)


def _first(shape: Shape) -> Members:
    if "items" not in (shape.members or {}):
        return shape.members or shape.element or {}
    kind = shape.text("kind")
    return shape.first("items") if kind is None or kind in _LISTS else {}


def _is_application(one: Members) -> bool:
    kind = bytes(one.get("kind", b""))
    if kind not in (b"", b'"Application"') or not {"metadata", "spec"} <= one.keys():
        return False
    # The server's answers leave kind and version out.
    spec = shape_of(bytes(one["spec"])).members or {}
    return "destination" in spec and bool({"source", "sources"} & spec.keys())


def _is_rollout(one: Members) -> bool:
    version = bytes(one.get("apiVersion", b"")).decode()
    return bytes(one.get("kind", b"")) == b'"Rollout"' and version.startswith(_GROUP)


FORMAT: Final = Format("argocd", "Argo CD application or rollout", "application/json", claims, read)
NOTIFICATION: Final = Format(
    "argocd-notification", "Argo CD notification", "application/json", claims_notification,
    read_notification,
)  # fmt: skip
SENDER: Final = Sender(
    name="argocd",
    title="Argo CD",
    scheme=by_token(_ENTER),
    # A template may send the application bare; of a notification only the operation is news.
    formats=(
        NOTIFICATION,
        dataclasses.replace(NOTIFICATION, claims=claims_bare),
    ),
)  # fmt: skip
