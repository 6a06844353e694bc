"""Helm's answers as JSON (`-o json`): which one a file is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.helm.revision import Revision, chart_of, reading_of
from intake.helm.structure import Metadata, Release, Row
from intake.json_body import read_fields
from intake.number import count_of
from intake.order import by_time
from intake.report import Format, Reading
from intake.shape import shape_of

if TYPE_CHECKING:
    from intake.shape import Shape

_ROW: Final = frozenset({"revision", "updated", "status", "chart", "app_version"})
_METADATA: Final = frozenset({"name", "chart", "version", "revision", "status", "deployedAt"})
_RELEASE: Final = frozenset({"name", "info", "version"})


def claims(shape: Shape) -> bool:
    """`helm history`, `helm list`, `helm status` and what prints the same, `helm get metadata`."""
    row = shape.element or {}
    if row.keys() >= _ROW and ("description" in row or "namespace" in row):
        return True
    told = (shape.members or {}).keys()
    if told >= _METADATA:
        return True
    return (
        told >= _RELEASE
        and {"first_deployed", "last_deployed"} & shape.inner("info").keys() != set()
    )


def read(body: bytes) -> list[Reading]:
    """The deployments that a file tells of.

    Raises:
        RefusedError: none of Helm's answers; the place is named.
        TooLargeError: a limit was passed.
    """
    shape = shape_of(body)
    if shape.element is not None:
        return _rows(read_fields(body, list[Row]))
    if "deployedAt" in (shape.members or {}):
        return _metadata(read_fields(body, Metadata))
    return _release(read_fields(body, Release))


def _rows(rows: list[Row]) -> list[Reading]:
    found = [one for one in map(_row, rows) if one is not None]
    # The rows of a list are of several releases; none came before another.
    before = {one.number: one for one in found if one.name is None}
    return by_time(reading for one in found for reading in reading_of(one, before))


def _row(row: Row) -> Revision | None:
    number = count_of(row.revision)
    if number is None or row.status is None:
        return None
    chart, version = chart_of(row.chart)
    return Revision(
        number=number, status=row.status, at=row.updated, description=row.description,
        name=row.name, namespace=row.namespace, chart=chart, chart_version=version,
        app_version=row.app_version,
    )  # fmt: skip


def _release(release: Release) -> list[Reading]:
    number, info = count_of(release.version), release.info
    if number is None or info is None or info.status is None:
        return []
    chart = release.chart.metadata if release.chart else None
    revision = Revision(
        number=number, status=info.status, at=info.last_deployed, gone_at=info.deleted,
        description=info.description, name=release.name, namespace=release.namespace,
        chart=chart.name if chart else None,
        chart_version=chart.version if chart else None,
        app_version=chart.app_version if chart else None,
    )  # fmt: skip
    return reading_of(revision, {})


def _metadata(told: Metadata) -> list[Reading]:
    number = count_of(told.revision)
    if number is None or told.status is None:
        return []
    revision = Revision(
        number=number, status=told.status, at=told.deployed_at, name=told.name,
        namespace=told.namespace, chart=told.chart, chart_version=told.version,
        app_version=told.app_version,
    )  # fmt: skip
    return reading_of(revision, {})


FORMAT: Final = Format("helm", "Helm release or history", "application/json", claims, read)
