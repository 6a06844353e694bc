"""Deployments that Dynatrace is told of: events of type `CUSTOM_DEPLOYMENT` of both APIs.

They say that something was deployed, and not how that ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from intake.address import address_of
from intake.fingerprint import fingerprint_of
from intake.ids import commit_of
from intake.instant import told_epoch
from intake.json_body import read_fields
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Shape

_TYPE: Final = "CUSTOM_DEPLOYMENT"
_STEM: Final = "dt.event.deployment."


class _Deployment(msgspec.Struct, gc=False, rename="camel"):
    """An event; version 1 has members where version 2 has properties."""

    event_id: str | None = None
    title: str | None = None
    start_time: int | None = None
    deployment_name: str | None = None
    deployment_version: str | None = None
    deployment_project: str | None = None
    ci_back_link: str | None = None
    properties: dict[str, str] | None = None
    custom_properties: dict[str, str] | None = None

    def told(self, name: str) -> str | None:
        """A property of the deployment."""
        return (self.properties or {}).get(_STEM + name)


def claims(shape: Shape) -> bool:
    """An event of that type."""
    return shape.text("eventType") == _TYPE


def read(body: bytes) -> list[Reading]:
    """The reading of an event.

    Raises:
        RefusedError: no event; the place is named.
        TooLargeError: a limit was passed.
    """
    one = read_fields(body, _Deployment)
    name = one.deployment_name or one.told("name")
    version = one.deployment_version or one.told("version")
    more = one.custom_properties or one.properties or {}
    identity = named(one.event_id) or fingerprint_of(
        name or one.title, version, str(one.start_time)
    )
    data = {
        "deployment": identity,
        "service": named(one.told("release_product")) or named(one.deployment_project),
        "environment": named(one.told("release_stage")),
        "release": named(one.told("release_version") or version),
        "commit": commit_of(more.get("commit") or more.get("git.commit") or version),
        "url": address_of(one.ci_back_link or one.told("ci_back_link")),
        "tool": "Dynatrace",
    }
    return [fact("deployment.started", told_epoch(one.start_time, 1_000), data, kind=_TYPE)]


FORMAT: Final = Format(
    "dynatrace-deployment", "Dynatrace deployment event", "application/json", claims, read
)
