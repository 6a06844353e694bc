"""The fields of the Trivy operator's resources that are read; matches of secrets are not."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import field


class _Object(msgspec.Struct, rename="camel", gc=False):
    """An object; any field may be missing or null."""


class Metadata(_Object):
    """What every object has."""

    name: str | None = None
    namespace: str | None = None
    labels: dict[str, Any] | None = None


class Artifact(_Object):
    """An image."""

    repository: str | None = None
    tag: str | None = None
    digest: str | None = None


class Registry(_Object):
    """Where the image is from."""

    server: str | None = None


class Scanner(_Object):
    """What looked."""

    version: str | None = None


class Found(_Object):
    """A vulnerability, a secret, or a check; which one, its list says."""

    severity: str | None = None
    target: str | None = None
    vulnerability: str | None = field(default=None, name="vulnerabilityID")
    package: str | None = field(default=None, name="resource")
    installed: str | None = field(default=None, name="installedVersion")
    fixed: str | None = field(default=None, name="fixedVersion")
    rule: str | None = field(default=None, name="ruleID")
    category: str | None = None
    check: str | None = field(default=None, name="checkID")
    success: bool | None = None


class Report(_Object):
    """What was found."""

    update_timestamp: str | None = None
    artifact: Artifact | None = None
    registry: Registry | None = None
    scanner: Scanner | None = None
    summary: dict[str, Any] | None = None
    vulnerabilities: list[Found] | None = None
    secrets: list[Found] | None = None
    checks: list[Found] | None = None


class Benchmark(_Object):
    """What is to be complied with."""

    id: str | None = None
    title: str | None = None
    version: str | None = None


class Spec(_Object):
    """What a compliance report is of."""

    compliance: Benchmark | None = None


class Control(_Object):
    """A control, in short or with its checks."""

    id: str | None = None
    severity: str | None = None
    total_fail: Any = None
    checks: list[Found] | None = None


class Short(_Object):
    """All controls, in short."""

    control_check: list[Control] | None = None


class Detail(_Object):
    """All controls, with their checks."""

    results: list[Control] | None = None


class Status(_Object):
    """What a compliance report found."""

    update_timestamp: str | None = None
    summary: dict[str, Any] | None = None
    summary_report: Short | None = None
    detail_report: Detail | None = None


class Resource(_Object):
    """A resource, or a list of them."""

    kind: str | None = None
    metadata: Metadata | None = None
    report: Report | None = None
    spec: Spec | None = None
    status: Status | None = None
    items: list[Resource] | None = None


class Delivered(_Object):
    """A resource as the operator sends it to an address."""

    resource: Resource | None = field(default=None, name="operatorObject")
