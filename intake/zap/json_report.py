"""ZAP's traditional JSON report, and the one with requests and responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import field

from intake.json_body import read_fields
from intake.report import Format, Reading
from intake.zap.alerts import Alert, Sites

if TYPE_CHECKING:
    from intake.shape import Shape

_MARKS: Final = frozenset({"@version", "@generated", "@programName"})


class _Alert(msgspec.Struct, gc=False):
    pluginid: Any = None
    reference: Any = field(default=None, name="alertRef")
    name: str | None = None
    alert: str | None = None
    riskcode: Any = None
    confidence: Any = None
    cweid: Any = None
    count: Any = None
    instances: list[msgspec.Raw] | None = None


class _Site(msgspec.Struct, gc=False):
    name: str | None = field(default=None, name="@name")
    alerts: list[_Alert] | None = None


class _Report(msgspec.Struct, gc=False):
    version: str | None = field(default=None, name="@version")
    generated: str | None = field(default=None, name="@generated")
    created: str | None = None
    site: list[_Site] | _Site | None = None
    errors: list[msgspec.Raw] | None = field(default=None, name="afPlanErrors")


def claims(shape: Shape) -> bool:
    """`site` with the version or the date as XML's attributes are written in JSON."""
    members = (shape.members or {}).keys()
    return "site" in members and bool(_MARKS & members)


def read(body: bytes) -> list[Reading]:
    """The reading of a report.

    Raises:
        RefusedError: no such report; the place is named.
        TooLargeError: a limit was passed.
    """
    report = read_fields(body, _Report)
    sites = Sites()
    several = [report.site] if isinstance(report.site, _Site) else report.site or []
    for site in several:
        sites.enter(site.name)
        for one in site.alerts or ():
            sites.add(_alert(one))
    return [
        sites.reading(report.version, report.created, report.generated, len(report.errors or ()))
    ]


def _alert(one: _Alert) -> Alert:
    return Alert(
        plugin=one.pluginid,
        reference=one.reference,
        name=one.name or one.alert,
        risk=one.riskcode,
        confidence=one.confidence,
        cwe=one.cweid,
        count=one.count,
        instances=len(one.instances) if one.instances is not None else None,
    )


FORMAT: Final = Format("zap", "ZAP JSON report", "application/json", claims, read)
