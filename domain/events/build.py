"""Pipelines, builds, artifacts, releases, tests, scans and what was measured of them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.events.fields import (
    Artifact,
    Claimed,
    Common,
    Count,
    Counts,
    Digest,
    Handle,
    Instant,
    Name,
    Outcome,
    Person,
    Text,
)
from domain.events.registry import event

BUILD = "build"
VERIFICATION = "verification"

TestKind = Literal["unit", "integration", "contract", "load", "chaos", "e2e", "uat", "manual"]
ScanKind = Literal["sast", "dast", "sca", "container", "secret", "iac", "baseline", "license"]
Artifacts = Annotated[list[Artifact], Meta(max_length=1000)]
Verdicts = Annotated[dict[Name, bool], Meta(max_length=100)]
Steps = Annotated[int, Meta(ge=1)]


class Pipeline(Common, kw_only=True):
    """A whole run of a pipeline."""

    run: Name
    pipeline: Name | None = None
    attempt: Steps | None = None
    trigger: Name | None = None
    triggered_by: Person | None = None
    ref: Handle | None = None
    parent_run: Name | None = None


@event("pipeline.started", BUILD)
class PipelineStarted(Pipeline, kw_only=True):
    """A pipeline run began."""


@event("pipeline.finished", BUILD)
class PipelineFinished(Pipeline, kw_only=True):
    """A pipeline run ended."""

    outcome: Outcome
    started_at: Instant | None = None


@event("task.finished", BUILD)
class TaskFinished(Common, kw_only=True):
    """A step of a run that is neither build nor test ended."""

    task: Name
    outcome: Outcome
    exit_status: int | None = None
    started_at: Instant | None = None
    pipeline: Name | None = None
    attempt: Steps | None = None
    analysis: Name | None = None
    stage: Name | None = None
    job: Name | None = None
    failure_reason: Name | None = None
    may_fail: bool | None = None


@event("build.finished", BUILD)
class BuildFinished(Common, kw_only=True):
    """A build ended and made artifacts, or failed to."""

    outcome: Outcome
    artifacts: Artifacts | None = None
    builder: Handle | None = None
    source_uri: Handle | None = None
    sbom: Digest | None = None
    provenance: Digest | None = None
    exit_status: int | None = None
    started_at: Instant | None = None
    attempt: Steps | None = None


@event("artifact.published", BUILD)
class ArtifactPublished(Common, kw_only=True):
    """An artifact was put where others fetch it."""

    artifact: Artifact
    registry: Handle | None = None
    tags: Annotated[list[Name], Meta(max_length=100)] | None = None
    sbom: Digest | None = None
    components: Count | None = None


@event("artifact.described", BUILD)
class ArtifactDescribed(Common, kw_only=True):
    """What an artifact is made of was written down: a bill of materials, or statements on it."""

    kind: Literal["sbom", "vex", "provenance", "statement", "contract"] | None = None
    format: Name | None = None
    format_version: Name | None = None
    serial: Handle | None = None
    document_name: Name | None = None
    purl: Handle | None = None
    target: Handle | None = None
    components: Count | None = None
    dependencies: Count | None = None
    inventory: Digest | None = None
    predicate_type: Name | None = None
    builder: Handle | None = None
    source_uri: Handle | None = None
    signed: bool | None = None
    logged: bool | None = None
    counts: Counts | None = None
    statements: Digest | None = None
    consumer: Name | None = None
    provider: Name | None = None


@event("artifact.signed", BUILD)
class ArtifactSigned(Common, kw_only=True):
    """An artifact was signed."""

    artifact: Artifact
    signer: Person | None = None
    key: Name | None = None
    transparency_log: Handle | None = None
    logged: bool | None = None


@event("attestation.verified", BUILD)
class AttestationVerified(Common, kw_only=True):
    """A statement about an artifact was checked."""

    artifact: Artifact
    predicate_type: Name | None = None
    outcome: Outcome
    builder: Handle | None = None
    verifier: Name | None = None
    levels: Annotated[list[Name], Meta(max_length=50)] | None = None
    signed: bool | None = None
    logged: bool | None = None
    signer: Person | None = None
    resource: Handle | None = None
    policy: Handle | None = None


@event("release.created", BUILD)
class ReleaseCreated(Common, kw_only=True):
    """A version of a service was released."""

    service: Name
    version: Name
    artifacts: Artifacts | None = None
    ref: Handle | None = None
    author: Person | None = None
    notes: Text | None = None
    prerelease: bool | None = None


@event("tests.finished", VERIFICATION)
class TestsFinished(Common, kw_only=True):
    """A test suite ended."""

    outcome: Outcome
    kind: TestKind | None = None
    suite: Name | None = None
    counts: Counts | None = None
    counted: Name | None = None
    claimed: Claimed | None = None
    format: Name | None = None
    exit_status: int | None = None
    started_at: Instant | None = None
    results: Digest | None = None
    thresholds: Verdicts | None = None
    thresholds_undecided: Annotated[list[Name], Meta(max_length=100)] | None = None
    target: Handle | None = None
    tester: Person | None = None
    consumer: Name | None = None
    consumer_version: Name | None = None
    provider: Name | None = None


@event("scan.finished", VERIFICATION)
class ScanFinished(Common, kw_only=True):
    """A scanner ran to its end, or failed to."""

    outcome: Outcome
    kind: ScanKind | None = None
    counts: Counts | None = None
    counted: Name | None = None
    unique: Counts | None = None
    occurrences: Count | None = None
    claimed: Claimed | None = None
    passed: Count | None = None
    suppressed: Count | None = None
    closed: Count | None = None
    rules: Count | None = None
    target: Handle | None = None
    targets: Annotated[list[Handle], Meta(max_length=100)] | None = None
    image_id: Digest | None = None
    scanned: Count | None = None
    skipped: Count | None = None
    format: Name | None = None
    findings: Digest | None = None
    findings_count: Count | None = None
    thresholds: Verdicts | None = None
    database_date: Instant | None = None
    extent: Literal["full", "changes", "unknown"] | None = None
    benchmark: Name | None = None
    profile: Name | None = None
    exit_status: int | None = None
    started_at: Instant | None = None
    errors: Count | None = None
    ref: Handle | None = None
    change: Name | None = None
    analysis: Name | None = None


class Condition(msgspec.Struct, kw_only=True, forbid_unknown_fields=False):
    """One condition of a quality gate.

    Attributes:
        metric: what was measured.
        comparator: how it was compared with the threshold.
        threshold: the bound.
        value: what was found.
        outcome: whether it held.
    """

    metric: Name
    comparator: Name | None = None
    threshold: Name | float | None = None
    value: Name | float | None = None
    outcome: Outcome | None = None


@event("quality.evaluated", VERIFICATION)
class QualityEvaluated(Common, kw_only=True):
    """A quality gate gave its verdict."""

    outcome: Outcome
    gate: Name | None = None
    conditions: Annotated[list[Condition], Meta(max_length=1000)] | None = None
    target: Handle | None = None
    ref: Handle | None = None
    change: Name | None = None
    analysis: Name | None = None


@event("coverage.measured", VERIFICATION)
class CoverageMeasured(Common, kw_only=True):
    """Test coverage was measured."""

    files: Count | None = None
    lines_covered: Count | None = None
    lines_valid: Count | None = None
    branches_covered: Count | None = None
    branches_valid: Count | None = None
    percent: Annotated[float, Meta(ge=0, le=100)] | None = None
    percent_of: Literal["lines", "lines and branches"] | None = None
    counted: Name | None = None
    format: Name | None = None
    claimed: Claimed | None = None
