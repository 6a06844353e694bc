"""Predicates that describe artifacts: bills of materials, exploitability, publication, others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.instant import read_time
from intake.in_toto.provenance import built_of
from intake.instant import Told, told_time
from intake.json_body import read_fields
from intake.report import Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.in_toto.said import Said

MOST_ARTIFACTS: Final = 1000
"""Artifacts of one build; see the vocabulary. Each is described by itself, too."""


class _Object(msgspec.Struct, rename="camel", gc=False):
    """An object; any field may be missing or null."""


class Stamp(_Object):
    """When it was made."""

    timestamp: str | None = None
    created: str | None = None


class CycloneDx(_Object):
    """A CycloneDX bill of materials."""

    spec_version: str | None = None
    metadata: Stamp | None = None
    components: list[msgspec.Raw] | None = None
    dependencies: list[msgspec.Raw] | None = None


class Spdx(_Object):
    """An SPDX 2 bill of materials."""

    spdx_version: str | None = None
    creation_info: Stamp | None = None
    packages: list[msgspec.Raw] | None = None


class VexStatement(_Object):
    """What is said of one vulnerability."""

    status: str | None = None


class Vex(_Object):
    """Statements on vulnerabilities (OpenVEX)."""

    timestamp: str | None = None
    version: str | int | None = None
    statements: list[VexStatement] | None = None


class Publication(_Object):
    """That a package was published (npm)."""

    registry: str | None = None


class Step(msgspec.Struct, gc=False):
    """One of the attestations of a collection (witness)."""

    endtime: str | None = None


class Collection(_Object):
    """Attestations of one step (witness)."""

    attestations: list[Step] | None = None


def provenance(said: Said) -> list[Reading]:
    """How artifacts were built: the build, and that each of them was described.

    Raises:
        RefusedError: of another structure; the field is named.
    """
    built = built_of(said.predicate)
    told = built.finished or said.logged_at
    started = {"started_at": built.started.time if built.started else None}
    artifacts = [subject["artifact"] for subject in said.subjects if subject.get("artifact")]
    build = built.facts | started | {
        "outcome": "success",
        "duration_s": built.duration_s,
        "artifacts": artifacts if 0 < len(artifacts) <= MOST_ARTIFACTS else None,
        "artifact": artifacts[0] if len(artifacts) == 1 else None,
        "provenance": said.digest,
    }  # fmt: skip
    version = named(said.predicate_type.rpartition("/")[2])
    facts = {name: value for name, value in built.facts.items() if name != "attempt"}
    more = facts | {"kind": "provenance", "format": "slsa-provenance", "format_version": version}
    return [
        fact("build.finished", told, build, source=built.place),
        *_described(said, told, more),
    ]


def cyclonedx(said: Said) -> list[Reading]:
    """A CycloneDX bill of materials.

    Raises:
        RefusedError: of another structure; the field is named.
    """
    one = read_fields(_framed(said.predicate), CycloneDx)
    more = {
        "kind": "sbom",
        "format": "cyclonedx",
        "format_version": named(one.spec_version),
        "components": len(one.components) if one.components is not None else None,
        "dependencies": len(one.dependencies) if one.dependencies is not None else None,
    }
    return _described(said, told_time(one.metadata.timestamp) if one.metadata else None, more)


def spdx(said: Said) -> list[Reading]:
    """An SPDX bill of materials; of version 3 nothing is counted.

    Raises:
        RefusedError: of another structure; the field is named.
    """
    one = read_fields(_framed(said.predicate), Spdx)
    more = {
        "kind": "sbom",
        "format": "spdx",
        "format_version": named((one.spdx_version or "").removeprefix("SPDX-")),
        "components": len(one.packages) if one.packages is not None else None,
    }
    told = told_time(one.creation_info.created) if one.creation_info else None
    return _described(said, told, more)


def vex(said: Said) -> list[Reading]:
    """Statements on vulnerabilities, by status.

    Raises:
        RefusedError: of another structure; the field is named.
    """
    one = read_fields(said.predicate, Vex)
    counts = Counter(named(each.status) or "unknown" for each in one.statements or ())
    more = {"kind": "vex", "format": "openvex", "counts": dict(counts) or None}
    return _described(said, told_time(one.timestamp), more)


def publication(said: Said) -> list[Reading]:
    """That a package was published to a registry.

    Raises:
        RefusedError: of another structure; the field is named.
    """
    registry = named(read_fields(said.predicate, Publication).registry)
    base = {"signed": said.signed, "logged": said.is_logged, "registry": registry}
    return [
        fact("artifact.published", said.logged_at, base | subject)
        for subject in said.subjects
        if subject.get("artifact")
    ]


def collection(said: Said) -> list[Reading]:
    """Attestations of one step, as they were collected until its end.

    Raises:
        RefusedError: of another structure; the field is named.
    """
    steps = read_fields(said.predicate, Collection).attestations or ()
    ends = [told for told in (told_time(one.endtime) for one in steps) if told is not None]
    last = max(ends, key=lambda told: read_time(told.time, ""), default=None)
    return other(said, last)


def other(said: Said, told: Told | None = None) -> list[Reading]:
    """Anything else that is said of artifacts."""
    more = {"kind": "statement", "format": "in-toto", "format_version": said.version}
    return _described(said, told, more)


def _described(said: Said, told: Told | None, more: dict[str, Any]) -> list[Reading]:
    """One event for each digest, so that it is found by each."""
    unique = {
        ((one.get("artifact") or {}).get("digest"), one.get("commit")): one
        for one in reversed(said.subjects)
    }
    return [
        fact("artifact.described", told or said.logged_at, said.base | more | _kept(subject, more))
        for subject in reversed(unique.values())
    ]


def _kept(subject: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """A subject without fields that would hide what is known of its source."""
    return {name: value for name, value in subject.items() if value or name not in more}


def _framed(predicate: bytes) -> bytes:
    """The document in the frame that older versions of cosign put around it."""
    members = read_fields(predicate, dict[str, msgspec.Raw])
    inner = bytes(members.get("Data", b""))
    return inner if inner.startswith(b"{") else predicate
