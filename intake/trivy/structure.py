"""The fields of Trivy's reports that are read; everything else, as code and matches, is skipped."""

from __future__ import annotations

import msgspec
from msgspec import field


class _Object(msgspec.Struct, rename="pascal", gc=False):
    """An object of a report; any field may be missing or null."""


class Cause(_Object):
    """What a misconfiguration is about."""

    resource: str | None = None
    start_line: int | None = None


class Layer(_Object):
    """The layer of an image that a package came with."""

    digest: str | None = None
    diff_id: str | None = field(default=None, name="DiffID")


class Identifier(_Object):
    """What names a package everywhere."""

    purl: str | None = field(default=None, name="PURL")


class Finding(_Object):
    """A vulnerability, misconfiguration, secret or licence; which one, its list says.

    The secret itself (`Match`, `Code`) is no field.
    """

    severity: str | None = None
    status: str | None = None
    vulnerability: str | None = field(default=None, name="VulnerabilityID")
    package: str | None = field(default=None, name="PkgName")
    package_path: str | None = field(default=None, name="PkgPath")
    identifier: Identifier | None = field(default=None, name="PkgIdentifier")
    installed: str | None = field(default=None, name="InstalledVersion")
    fixed: str | None = field(default=None, name="FixedVersion")
    layer: Layer | None = None
    check: str | None = field(default=None, name="ID")
    message: str | None = None
    cause: Cause | None = field(default=None, name="CauseMetadata")
    rule: str | None = field(default=None, name="RuleID")
    category: str | None = None
    start_line: int | None = None
    name: str | None = None
    file: str | None = field(default=None, name="FilePath")


class Modified(_Object):
    """A finding that was left out, by an ignore file or a VEX statement."""

    type: str | None = None
    status: str | None = None
    finding: Finding | None = None


class Summary(_Object):
    """How many checks came to what."""

    successes: int | None = None
    failures: int | None = None
    exceptions: int | None = None


class Result(_Object):
    """What was found in one target."""

    target: str | None = None
    kind: str | None = field(default=None, name="Class")
    type: str | None = None
    vulnerabilities: list[Finding] | None = None
    summary: Summary | None = field(default=None, name="MisconfSummary")
    misconfigurations: list[Finding] | None = None
    secrets: list[Finding] | None = None
    licenses: list[Finding] | None = None
    modified: list[Modified] | None = field(default=None, name="ExperimentalModifiedFindings")


class Metadata(_Object):
    """What is known of the artifact; the image's own configuration is not read."""

    image_id: str | None = field(default=None, name="ImageID")
    repo_digests: list[str] | None = None
    reference: str | None = None
    repository: str | None = field(default=None, name="RepoURL")
    branch: str | None = None
    commit: str | None = None


class Version(_Object):
    """The scanner."""

    version: str | None = None


class Report(_Object):
    """A report of one artifact."""

    trivy: Version | None = None
    created_at: str | None = None
    artifact_name: str | None = None
    artifact_type: str | None = None
    metadata: Metadata | None = None
    results: list[Result] | None = None


class Resource(_Object):
    """What was found in one resource of a cluster."""

    namespace: str | None = None
    kind: str | None = None
    name: str | None = None
    results: list[Result] | None = None
    error: str | None = None


class Cluster(_Object):
    """A report of a cluster; in which list its resources stand depends on version and options."""

    cluster_name: str | None = None
    created_at: str | None = None
    trivy: Version | None = None
    resources: list[Resource] | None = None
    findings: list[Resource] | None = None
    vulnerabilities: list[Resource] | None = None
    misconfigurations: list[Resource] | None = None
