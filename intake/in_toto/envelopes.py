"""Statements found in files: plain, in envelopes, in bundles, and in what tools wrap around them.

No signature is verified here: that is for who trusts its key. Where another tool did, and wrote
down that it did, that is told.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.errors import RefusedError
from intake.body import check_body
from intake.in_toto.structure import (
    Attestations,
    Bundle,
    Certificate,
    CloudImage,
    Envelope,
    Verified,
)
from intake.instant import Told, told_epoch
from intake.json_body import read_fields, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.in_toto.structure import MessageSignature

_PAYLOAD: Final = "in-toto"


@dataclass(frozen=True, slots=True)
class Found:
    """One statement or signature of a file.

    Attributes:
        statement: its bytes; None for the signature of an artifact itself.
        signed: whether there is a signature.
        logged_at: when it came into a transparency log, or None.
        is_logged: whether it did; None where nothing would say so.
        message: the signature of an artifact itself.
        key: hint of the key.
        verified: the certificate by which another tool says that it verified the signature, or
            None where none says so.
    """

    statement: bytes | None
    signed: bool
    logged_at: Told | None = None
    is_logged: bool | None = None
    message: MessageSignature | None = None
    key: str | None = None
    verified: Certificate | None = None


def find_statements(body: bytes) -> Iterator[Found]:
    """The statements of a file, in its order.

    Raises:
        RefusedError: something is none of what holds statements; names the line and the place.
        TooLargeError: a limit was passed.
    """
    if body.lstrip().startswith(b"["):
        documents = list(enumerate(read_fields(body, list[msgspec.Raw]), 1))
    else:
        documents = read_lines(body, msgspec.Raw)
    for number, raw in documents:
        try:
            yield from _found(bytes(raw))
        except RefusedError as error:
            if len(documents) == 1:
                raise
            raise RefusedError(f"attestation {number}, {error.place}", error.reason) from None


def _found(raw: bytes) -> Iterator[Found]:
    members = read_fields(raw, dict[str, msgspec.Raw])
    if "_type" in members:
        yield Found(raw, signed=False)
    elif "payload" in members:
        yield _of_envelope(read_fields(raw, Envelope))
    elif "verificationResult" in members:
        yield from _of_verified(read_fields(raw, Verified))
    elif "attestations" in members:
        for one in read_fields(raw, Attestations).attestations or ():
            if one.bundle is not None:
                yield from _of_bundle(one.bundle)
    elif "provenance_summary" in members:
        summary = read_fields(raw, CloudImage).provenance_summary
        for each in (summary.provenance if summary else None) or ():
            if each.envelope is not None:
                yield _of_envelope(each.envelope)
    else:
        yield from _of_bundle(read_fields(raw, Bundle))


def _of_envelope(envelope: Envelope, **more: Any) -> Found:  # noqa: ANN401 - fields of `Found`
    if _PAYLOAD not in envelope.payload_type:
        raise RefusedError("field payloadType", "the payload is no in-toto statement")
    signed = any(one.sig for one in envelope.signatures or ())
    payload = _plain(envelope.payload, "field payload")
    try:
        statement = check_body(payload)
    except RefusedError as error:
        raise RefusedError(f"field payload, {error.place}", error.reason) from None
    return Found(statement, signed=signed, **more)


def _of_bundle(bundle: Bundle) -> Iterator[Found]:
    material = bundle.verification_material
    entries = (material.tlog_entries if material else None) or []
    more: dict[str, Any] = {
        "logged_at": told_epoch(entries[0].integrated_time) if entries else None,
        "is_logged": bool(entries),
        "key": material.public_key.hint if material and material.public_key else None,
    }
    if bundle.dsse_envelope is not None:
        yield _of_envelope(bundle.dsse_envelope, **more)
    elif bundle.message_signature is not None:
        yield Found(None, signed=True, message=bundle.message_signature, **more)
    else:
        raise RefusedError("document", "neither a statement nor a signature")


def _of_verified(verified: Verified) -> Iterator[Found]:
    """What `gh attestation verify --format json` writes of what it verified."""
    result = verified.verification_result
    bundle = verified.attestation.bundle if verified.attestation else None
    if result is None or not bytes(result.statement):
        raise RefusedError("field verificationResult", "a verification without a statement")
    held = next(_of_bundle(bundle), None) if bundle is not None else None
    yield Found(
        bytes(result.statement),
        signed=True,
        logged_at=held.logged_at if held else None,
        is_logged=held.is_logged if held else None,
        verified=(result.signature.certificate if result.signature else None) or Certificate(),
    )


def _plain(text: str, place: str) -> bytes:
    """The bytes of base64, in either alphabet, with or without padding."""
    line = text.strip().replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(line + "=" * (-len(line) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise RefusedError(place, "no base64") from None


def digest_in(message: MessageSignature) -> str | None:
    """The digest that an artifact's signature is of."""
    told = message.message_digest
    name = (told.algorithm or "").lower().replace("sha2_", "sha") if told else ""
    if told is None or told.digest is None or name not in ("sha256", "sha384", "sha512"):
        return None
    return f"{name}:{_plain(told.digest, 'field messageDigest').hex()}"
