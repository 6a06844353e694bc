"""The fields of Helm's answers that are read; values, manifests and notes are skipped."""

from __future__ import annotations

import msgspec


class _Object(msgspec.Struct, gc=False):
    """An object of an answer; any field may be missing or null."""


class Row(_Object):
    """A revision in `helm history`, which does not name the release, or a row of `helm list`."""

    revision: int | str | None = None
    updated: str | None = None
    status: str | None = None
    chart: str | None = None
    app_version: str | None = None
    description: str | None = None
    name: str | None = None
    namespace: str | None = None


class Info(_Object):
    """What became of a revision."""

    last_deployed: str | None = None
    deleted: str | None = None
    description: str | None = None
    status: str | None = None


class ChartMetadata(_Object, rename="camel"):
    """What a chart says of itself."""

    name: str | None = None
    version: str | None = None
    app_version: str | None = None


class Chart(_Object):
    """A chart; newer versions leave it out."""

    metadata: ChartMetadata | None = None


class Release(_Object):
    """`helm status`, `install`, `upgrade`."""

    name: str | None = None
    namespace: str | None = None
    version: int | None = None
    info: Info | None = None
    chart: Chart | None = None


class Metadata(_Object, rename="camel"):
    """`helm get metadata`."""

    name: str | None = None
    namespace: str | None = None
    revision: int | None = None
    status: str | None = None
    deployed_at: str | None = None
    chart: str | None = None
    version: str | None = None
    app_version: str | None = None
