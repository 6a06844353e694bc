"""The fields of Prisma Cloud's scans that are read; causes, layers and packages are not."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import field


class _Object(msgspec.Struct, gc=False, rename="camel"):
    """An object; any field may be missing or null."""


class Issue(_Object):
    """A vulnerability, or an issue of compliance."""

    id: str | int | None = None
    cve: str | None = None
    title: str | None = None
    severity: str | None = None
    status: str | None = None
    package_name: str | None = None
    package_version: str | None = None
    package_path: str | None = None


class Tag(_Object):
    """An image's name in its parts."""

    registry: str | None = None
    repo: str | None = None
    tag: str | None = None


class Scanned(_Object):
    """What was scanned, and what was found there."""

    id: str | None = None
    stored_id: str | None = field(default=None, name="_id")
    name: str | None = None
    repo_tag: Tag | None = None
    digest: str | None = None
    repo_digests: list[str] | None = None
    repository: Any = None
    scan_time: str | None = None
    scan_id: str | int | None = field(default=None, name="scanID")
    passed: bool | None = None
    vulnerability_passed: bool | None = field(default=None, name="vulnerabilityScanPassed")
    compliance_passed: bool | None = field(default=None, name="complianceScanPassed")
    vulnerabilities: list[Issue] | None = None
    vulnerability_distribution: dict[str, Any] | None = None
    compliances: list[Issue] | None = None
    compliance_issues: list[Issue] | None = None
    compliance_distribution: dict[str, Any] | None = None
    err: str | None = None


class Listed(Scanned):
    """A scan as the API lists it: what was scanned stands in it, or is it."""

    entity: Scanned | None = field(default=None, name="entityInfo")
    gate: bool | None = field(default=None, name="pass")
    time: str | None = None


class Report(_Object, kw_only=True):
    """What `twistcli images scan` writes."""

    results: list[Scanned]
