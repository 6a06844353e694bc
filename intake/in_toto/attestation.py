"""Attestations: what a file's statements say of artifacts, by the types of their predicates."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from domain.errors import RefusedError, TooLargeError
from intake.address import address_of, repository_of
from intake.ids import commit_of
from intake.in_toto import checks, descriptions
from intake.in_toto.envelopes import Found, digest_in, find_statements
from intake.in_toto.said import Said
from intake.in_toto.structure import Certificate, Statement
from intake.in_toto.subjects import subject_of
from intake.json_body import read_fields
from intake.limits import MAX_FACTS
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from intake.shape import Shape

_STATEMENT: Final = "https://in-toto.io/Statement/"
_BUNDLE: Final = "application/vnd.dev.sigstore.bundle"
_COLLECTION: Final = "/attestation-collection/"

# By how the type of the predicate begins, the longer first; without one it is described.
_READERS: Final[tuple[tuple[str, Callable[[Said], list[Reading]]], ...]] = (
    ("https://slsa.dev/provenance/", descriptions.provenance),
    ("https://in-toto.io/Provenance/", descriptions.provenance),
    ("https://slsa.dev/verification_summary/", checks.verification),
    ("https://in-toto.io/attestation/svr/", checks.verification),
    ("https://in-toto.io/attestation/test-result/", checks.tests),
    ("https://in-toto.io/attestation/vulns", checks.scan),
    ("https://cosign.sigstore.dev/attestation/vuln/", checks.scan),
    ("https://cyclonedx.org/", descriptions.cyclonedx),
    ("https://spdx.dev/Document", descriptions.spdx),
    ("https://openvex.dev/ns", descriptions.vex),
    ("https://github.com/npm/attestation/tree/main/specs/publish/", descriptions.publication),
)


def claims(shape: Shape) -> bool:
    """Statements, envelopes and bundles, and what code hosts and registries put around them."""
    members = shape.object
    if (shape.text("_type") or "").startswith(_STATEMENT):
        return "predicateType" in members
    if (shape.text("mediaType") or "").startswith(_BUNDLE):
        return True
    if "payload" in members and "in-toto" in (shape.text("payloadType") or ""):
        return True
    wrapped = "attestation" in members and "verificationResult" in members
    cloud = "image_summary" in members and "provenance_summary" in members
    return wrapped or cloud or "bundle" in shape.first("attestations")


def read(body: bytes) -> list[Reading]:
    """The readings of a file.

    Raises:
        RefusedError: no attestation; the place is named.
        TooLargeError: a limit was passed.
    """
    return by_time(reading for found in find_statements(body) for reading in _readings(found))


def _readings(found: Found) -> Iterator[Reading]:
    if found.statement is None:
        yield from _signature(found)
        return
    try:
        said = _opened(found, found.statement)
        reader = next(
            (one for start, one in _READERS if said.predicate_type.startswith(start)), None
        )
        if reader is None:
            collected = _COLLECTION in said.predicate_type
            reader = descriptions.collection if collected else descriptions.other
        readings = reader(said)
    except RefusedError as error:
        raise RefusedError(f"statement, {error.place}", error.reason) from None
    yield from readings
    if found.verified is not None:
        yield from _verified(found.verified, said)


def _opened(found: Found, statement: bytes) -> Said:
    one = read_fields(statement, Statement)
    if not one.type.startswith(_STATEMENT):
        raise RefusedError("field _type", "no in-toto statement")
    kind = named(one.predicate_type)
    if kind is None:
        raise RefusedError("field predicateType", "a statement of no type")
    if len(one.subject or ()) > MAX_FACTS:
        raise TooLargeError("field subject", f"more than {MAX_FACTS} subjects")
    subjects = [told for each in one.subject or () if (told := subject_of(each)) is not None]
    return Said(
        predicate_type=kind,
        predicate=bytes(one.predicate),
        subjects=subjects or [{}],
        digest=f"sha256:{hashlib.sha256(statement).hexdigest()}",
        version=named(one.type.removeprefix(_STATEMENT)),
        signed=found.signed,
        is_logged=found.is_logged,
        logged_at=found.logged_at,
    )


def _verified(certificate: Certificate, said: Said) -> Iterator[Reading]:
    """That another tool verified the signature; it does not say when.

    What the certificate says of the run that signed, the run itself could not have made up.
    """
    name = certificate.subject_alternative_name
    signer = name if name is None or isinstance(name, str) else name.value
    data: dict[str, Any] = said.base | {
        "outcome": "success",
        "verifier": "sigstore",
        "signer": named(signer),
        "repository": repository_of(certificate.repository),
        "url": address_of(certificate.run),
    }
    commit = commit_of(certificate.commit)
    for subject in said.subjects:
        if subject:
            whole = data | checks.verified_subject(subject)
            yield fact("attestation.verified", None, whole | ({"commit": commit} if commit else {}))


def _signature(found: Found) -> Iterator[Reading]:
    """The signature of an artifact itself."""
    digest = digest_in(found.message) if found.message is not None else None
    if digest is not None:
        yield fact("artifact.signed", found.logged_at, {
            "artifact": {"digest": digest},
            "key": named(found.key),
            "logged": found.is_logged,
        })  # fmt: skip


FORMAT: Final = Format(
    "in-toto", "in-toto attestation", "application/vnd.in-toto+json", claims, read
)
