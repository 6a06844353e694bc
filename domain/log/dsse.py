"""DSSE: what is signed when bytes of a known type are signed, and the envelope around them.

    PAE(type, payload) = "DSSEv1" SP len(type) SP type SP len(payload) SP payload

Lengths are decimal numbers of bytes (secure-systems-lab/dsse, protocol.md). The type inside the
signed bytes is what keeps a signature of one kind from being offered as one of another kind: no
event can be read as a checkpoint.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from domain.errors import ForbiddenError, RefusedError, TooLargeError
from domain.log.wire import read_base64

if TYPE_CHECKING:
    from collections.abc import Iterable

CONTEXT_PAYLOAD_TYPE = "application/vnd.pipeledger.ctx.v1+json"
ENVELOPE_MEDIA_TYPE = "application/vnd.dsse.envelope.v1+json"

MAX_ENVELOPE = 16 * 1024 * 1024
"""Largest envelope read, in bytes."""
MAX_SIGNATURES = 4
"""Strangers may send envelopes, and each signature costs a hash of the payload with each key."""
MAX_SIGNATURE_BYTES = 8192
"""Room for post-quantum signatures; nothing that signs needs more."""
MAX_TEXT = 256
"""Longest payload type and key id, in characters."""

_TO_STANDARD = str.maketrans("-_", "+/")


class EnvelopeKey(Protocol):
    """A public key that envelopes can be verified with."""

    @property
    def key_id(self) -> str:
        """How envelopes may hint at this key."""
        ...

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's signature of `message`."""
        ...


Key = TypeVar("Key", bound=EnvelopeKey)


def pae(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding: the bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


@dataclass(frozen=True, slots=True)
class EnvelopeSignature:
    """A signature as an envelope holds it.

    Attributes:
        key_id: hint at the key, not authenticated, or None.
        value: the signature's bytes.
    """

    key_id: str | None
    value: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload, its type, and signatures of both.

    Attributes:
        payload_type: media type or URI of the payload.
        payload: the bytes that were signed; nothing in them is to be believed before `verify`.
        signatures: 1 to MAX_SIGNATURES.
    """

    payload_type: str
    payload: bytes
    signatures: tuple[EnvelopeSignature, ...]

    @classmethod
    def parse(cls, raw: bytes) -> Envelope:
        """The envelope that these bytes of JSON hold.

        Unknown fields are passed over, as the protocol asks. Base64 may be of the standard or
        of the URL-safe alphabet, each padded and canonical.

        Raises:
            RefusedError: no JSON, fields missing, doubled or of another kind.
            TooLargeError: too many bytes or signatures.
        """
        if len(raw) > MAX_ENVELOPE:
            raise TooLargeError("envelope", f"at most {MAX_ENVELOPE} bytes")
        fields = _object(_load(raw), "envelope")
        signatures = fields.get("signatures")
        if not isinstance(signatures, list) or not signatures:
            raise RefusedError("field signatures", "expected a list of signatures")
        if len(signatures) > MAX_SIGNATURES:
            raise TooLargeError("field signatures", f"at most {MAX_SIGNATURES}")
        payload_type = _text(fields, "payloadType")
        if not payload_type:
            raise RefusedError("field payloadType", "empty")
        return cls(
            payload_type=payload_type,
            payload=_bytes(fields, "payload", "field payload"),
            signatures=tuple(
                _signature(item, f"field signatures[{number}]")
                for number, item in enumerate(signatures)
            ),
        )

    def verify(self, keys: Iterable[Key]) -> Key:
        """The first of `keys` that signed this payload as this type.

        Key ids of the envelope are hints only: where some key bears one of them, nothing else is
        tried than such pairs. They prove nothing.

        Raises:
            ForbiddenError: none of them did.
        """
        message = pae(self.payload_type, self.payload)
        pairs = [(one, key) for key in keys for one in self.signatures]
        hinted = [(one, key) for one, key in pairs if key.key_id == one.key_id]
        for one, key in hinted or pairs:
            if key.verify(message, one.value):
                return key
        raise ForbiddenError("field signatures", "no signature verifies with an enrolled key")


def _load(raw: bytes) -> object:
    try:
        return json.loads(
            raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except UnicodeDecodeError as error:
        raise RefusedError(f"byte {error.start}", "not UTF-8") from error
    except json.JSONDecodeError as error:
        raise RefusedError(f"character {error.pos}", "not JSON") from error
    except (ValueError, RecursionError) as error:
        # Numbers of thousands of digits, and nesting deeper than the reader goes.
        raise RefusedError("envelope", "not JSON that an envelope can be") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise RefusedError("envelope", "a field stands there twice")
    return fields


def _no_constant(name: str) -> object:
    raise RefusedError("envelope", f"{name} is not JSON")


def _object(value: object, place: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise RefusedError(place, "expected an object")
    return value


def _text(fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise RefusedError(f"field {name}", "expected a text")
    if len(value) > MAX_TEXT:
        raise TooLargeError(f"field {name}", f"at most {MAX_TEXT} characters")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise RefusedError(f"field {name}", "a lone surrogate") from error
    return value


def _bytes(fields: dict[str, object], name: str, place: str) -> bytes:
    value = fields.get(name)
    if not isinstance(value, str):
        raise RefusedError(place, "expected base64")
    if "-" in value or "_" in value:
        if "+" in value or "/" in value:
            raise RefusedError(place, "two alphabets of base64 in one value")
        value = value.translate(_TO_STANDARD)
    return read_base64(value, place)


def _signature(item: object, place: str) -> EnvelopeSignature:
    fields = _object(item, place)
    key_id = _text(fields, "keyid") if fields.get("keyid") is not None else None
    value = _bytes(fields, "sig", f"{place}.sig")
    if not 0 < len(value) <= MAX_SIGNATURE_BYTES:
        raise RefusedError(f"{place}.sig", f"expected 1 to {MAX_SIGNATURE_BYTES} bytes")
    return EnvelopeSignature(key_id or None, value)
