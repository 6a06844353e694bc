"""The fields of Snyk's reports that are read; the policy, with its reasons, is skipped."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import field


class _Object(msgspec.Struct, rename="camel", gc=False):
    """An object of a report; any field may be missing or null."""


class Vulnerability(_Object):
    """A vulnerability or an issue of a licence, on one path to the package."""

    id: str | None = None
    severity: str | None = None
    severity_with_critical: str | None = None
    package_name: str | None = None
    name: str | None = None
    version: str | None = None
    type: str | None = None
    is_upgradable: bool | None = None
    fixed_in: list[str] | None = None

    @property
    def word(self) -> str:
        """The severity; older servers wrote `high` for critical beside the exact one."""
        return (self.severity_with_critical or self.severity or "unknown").lower()

    @property
    def package(self) -> str | None:
        """What it is in: in a container the binary package, which is what gets upgraded."""
        return self.name or self.package_name


class Filtered(_Object):
    """What a policy left out."""

    ignore: list[Vulnerability] | None = None
    patch: list[Vulnerability] | None = None


class Misconfiguration(_Object):
    """An issue of infrastructure as code."""

    id: str | None = None
    public_id: str | None = None
    severity: str | None = None
    is_ignored: bool | None = None
    line_number: int | None = None
    path: list[Any] | None = None


class Project(_Object):
    """What was found in one project, image or file; or why there is nothing."""

    ok: bool | None = None
    error: Any = None
    vulnerabilities: list[Vulnerability] | None = None
    applications: list[Project] | None = None
    issues: list[Misconfiguration] | None = field(default=None, name="infrastructureAsCodeIssues")
    filtered: Filtered | None = None
    dependency_count: int | None = None
    unique_count: int | None = None
    summary: str | None = None
    package_manager: str | None = None
    project_name: str | None = None
    display_target_file: str | None = None
    target_file: str | None = None
    path: str | None = None
    docker: Any = None

    @property
    def file(self) -> str | None:
        """The file that names the dependencies, or is the infrastructure."""
        return self.display_target_file or self.target_file
