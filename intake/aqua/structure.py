"""The fields of Aqua's results that are read."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import field


class _Object(msgspec.Struct, gc=False):
    """An object; any field may be missing or null."""


class Package(_Object):
    """What a vulnerability is in."""

    name: str | None = None
    version: str | None = None
    path: str | None = None


class Vulnerability(_Object):
    """A vulnerability, of any of the forms in which they are listed."""

    name: str | None = None
    severity: str | None = None
    aqua_severity: str | None = None
    vendor_severity: str | None = None
    nvd_severity_v3: str | None = None
    nvd_cvss3_severity: str | None = None
    nvd_severity: str | None = None
    fix_version: str | None = None
    file: str | None = None
    acknowledged: bool | None = None
    acknowledged_date: str | None = None
    resource: Package | None = None
    image_name: str | None = None
    image_digest: str | None = None

    @property
    def word(self) -> str:
        """The severity that Aqua settles on, else the vendor's, else that of the NVD."""
        told = (
            self.aqua_severity, self.severity, self.vendor_severity, self.nvd_severity_v3,
            self.nvd_cvss3_severity, self.nvd_severity,
        )  # fmt: skip
        return next((one.lower() for one in told if one), "unknown")

    @property
    def is_acknowledged(self) -> bool:
        """Whether somebody said that it may stay; a date of 1970 is none."""
        date = self.acknowledged_date or "1970"
        return self.acknowledged is True or not date.startswith(("1970", "0001"))


class Scanned(_Object):
    """A package with what was found in it."""

    resource: Package | None = None
    vulnerabilities: list[Vulnerability] | None = None


class Started(_Object):
    """When a scan began."""

    seconds: Any = None


class Check(_Object):
    """A check of a policy."""

    failed: bool | None = None
    policy_name: str | None = None
    control: str | None = None


class Assurance(_Object):
    """What policies make of an image."""

    disallowed: bool | None = None
    checks_performed: list[Check] | None = None


class Metadata(_Object):
    """What a registry knows of an image."""

    repo_digests: list[str] | None = None


class Result(_Object):
    """The result of a scan of an image."""

    image: str | None = None
    image_name: str | None = None
    digest: str | None = None
    metadata: Metadata | None = None
    status: str | None = None
    error: str | None = field(default=None, name="errorMsg")
    disallowed: bool | None = None
    initiating_user: str | None = None
    scan_started: Started | None = None
    scan_duration: Any = None
    data_date: Any = None
    resources: list[Scanned] | None = None
    cves: list[Vulnerability] | None = None
    cves_counts: dict[str, Any] | None = None
    vulnerability_summary: dict[str, Any] | None = None
    assurance: Assurance | None = field(default=None, name="image_assurance_results")
    results: Result | None = None


class Query(_Object):
    """What was asked of the API."""

    image_name: str | None = None


class Answer(_Object, kw_only=True):
    """A page of vulnerabilities, as the API answers."""

    count: Any = None
    result: list[Vulnerability]
    query: Query | None = None
