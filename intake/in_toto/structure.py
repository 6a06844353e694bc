"""The fields of statements, envelopes and bundles that are read."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import field


class _Object(msgspec.Struct, rename="camel", gc=False):
    """An object; any field may be missing or null."""


class Resource(_Object):
    """Something with digests: a subject, a material, a dependency."""

    name: str | None = None
    uri: str | None = None
    digest: dict[str, str] | None = None


class Statement(_Object):
    """What is said of the subjects (in-toto Attestation Framework, v0.1 and v1)."""

    type: str = field(name="_type")
    predicate_type: str
    subject: list[Resource] | None = None
    predicate: msgspec.Raw = msgspec.Raw(b"null")


class Signature(_Object):
    """One signature of an envelope."""

    sig: str | None = None


class Envelope(_Object):
    """A signed payload (DSSE)."""

    payload: str
    payload_type: str
    signatures: list[Signature] | None = None


class LogEntry(_Object):
    """An entry of a transparency log; the time is in seconds since 1970."""

    integrated_time: str | int | None = None


class Hint(_Object):
    """Which key signed."""

    hint: str | None = None


class Material(_Object):
    """What a bundle is verified with."""

    tlog_entries: list[LogEntry] | None = None
    public_key: Hint | None = None


class MessageDigest(_Object):
    """The digest of a signed artifact, in base64."""

    algorithm: str | None = None
    digest: str | None = None


class MessageSignature(_Object):
    """The signature of an artifact itself."""

    message_digest: MessageDigest | None = None


class Bundle(_Object):
    """A Sigstore bundle, v0.1 to v0.3."""

    verification_material: Material | None = None
    dsse_envelope: Envelope | None = None
    message_signature: MessageSignature | None = None


class Attested(_Object):
    """An attestation as registries and code hosts hand it out."""

    bundle: Bundle | None = None


class Attestations(_Object):
    """Attestations of one artifact."""

    attestations: list[Attested] | None = None


class AlternativeName(_Object):
    """A name in a certificate."""

    value: str | None = None


class Certificate(_Object):
    """Whom the certificate of a signature was given to; an object in older versions."""

    subject_alternative_name: str | AlternativeName | None = None
    repository: str | None = field(name="sourceRepositoryURI", default=None)
    commit: str | None = field(name="sourceRepositoryDigest", default=None)
    run: str | None = field(name="runInvocationURI", default=None)


class Signed(_Object):
    """The signature that was verified."""

    certificate: Certificate | None = None


class Result(_Object):
    """What a verification came to; it is written where it succeeded."""

    statement: msgspec.Raw = msgspec.Raw()
    signature: Signed | None = None


class Verified(_Object):
    """An attestation that was verified, and the result."""

    attestation: Attested | None = None
    verification_result: Result | None = None


class CloudProvenance(msgspec.Struct, gc=False):
    """One provenance of an image, as Google Cloud hands it out."""

    envelope: Envelope | None = None


class CloudSummary(msgspec.Struct, gc=False):
    """Provenance of an image."""

    provenance: list[CloudProvenance] | None = None


class CloudImage(msgspec.Struct, gc=False):
    """What Google Cloud knows of an image."""

    provenance_summary: CloudSummary | None = None


class Builder(_Object):
    """Who built."""

    id: str | None = None


class ConfigSource(_Object):
    """Where the description of the build came from."""

    uri: str | None = None
    digest: dict[str, str] | None = None


class Invocation(_Object):
    """What the build was asked for (v0.2)."""

    config_source: ConfigSource | None = None
    environment: Any = None


class Metadata(_Object):
    """When and as which run it was built; the names of v0.1, v0.2 and v1."""

    build_invocation_id: str | None = None
    build_invocation_id_upper: str | None = field(name="buildInvocationID", default=None)
    invocation_id: str | None = None
    build_started_on: str | None = None
    build_finished_on: str | None = None
    started_on: str | None = None
    finished_on: str | None = None
    buildkit: Any = field(name="https://mobyproject.org/buildkit@v1#metadata", default=None)
    buildkit_v1: Any = field(name="buildkit_metadata", default=None)


class BuildDefinition(_Object):
    """What was built of what (v1)."""

    external_parameters: Any = None
    resolved_dependencies: list[Resource] | None = None


class RunDetails(_Object):
    """How it was built (v1)."""

    builder: Builder | None = None
    metadata: Metadata | None = None


class Provenance(_Object):
    """SLSA provenance: v0.1 and v0.2 have the first members, v1 the last two."""

    builder: Builder | None = None
    invocation: Invocation | None = None
    metadata: Metadata | None = None
    materials: list[Resource] | None = None
    build_definition: BuildDefinition | None = None
    run_details: RunDetails | None = None
