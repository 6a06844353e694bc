"""Envelopes: each field at its bounds, one spelling, and hints at keys that prove nothing."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest

from domain.errors import ForbiddenError, RefusedError, TooLargeError
from domain.log.dsse import MAX_ENVELOPE, Envelope, EnvelopeSignature, pae
from domain.log.key import SigningKey

ONE, TWO = (SigningKey(f"key.example/{seed}", bytes([seed]) * 32) for seed in (1, 2))
PAYLOAD = b"\xfb\xff{}"
SIG = {"sig": "AAAA"}


def envelope(**fields: Any) -> bytes:  # noqa: ANN401 - JSON
    """An envelope with other fields; None: without it."""
    whole = {
        "payloadType": "text/plain", "payload": b64encode(PAYLOAD).decode(), "signatures": [SIG],
    } | fields  # fmt: skip
    return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()


def test_what_is_signed_names_type_and_lengths() -> None:
    """In bytes."""
    assert pae("t\u00e9", b"ab") == "DSSEv1 3 t\u00e9 2 ab".encode()


def test_an_envelope_is_read() -> None:
    """Of either alphabet, with what is unknown passed over; an empty hint is none."""
    raw = envelope(
        payload=urlsafe_b64encode(PAYLOAD).decode(), more=1,
        signatures=[SIG | {"keyid": "k"}, SIG | {"keyid": ""}, SIG | {"keyid": None, "x": 1}],
    )  # fmt: skip
    assert Envelope.parse(raw) == Envelope(
        "text/plain", PAYLOAD,
        (EnvelopeSignature("k", bytes(3)), *[EnvelopeSignature(None, bytes(3))] * 2),
    )  # fmt: skip
    largest = envelope(
        payloadType="t" * 256, payload="",
        signatures=[{"sig": b64encode(bytes(8192)).decode(), "keyid": "k" * 256}] * 4,
    )  # fmt: skip
    assert len(Envelope.parse(largest).signatures) == 4
    assert Envelope.parse(envelope(signatures=[{"sig": "AA=="}])).signatures[0].value == b"\0"


@pytest.mark.parametrize(
    ("raw", "kind", "place"),
    [
        (b"[]", RefusedError, "envelope"),
        (b"\xff", RefusedError, "byte 0"),
        (b"{", RefusedError, "character 1"),
        (b'{"a":NaN}', RefusedError, "envelope"),
        (b'{"a":1,"a":1}', RefusedError, "envelope"),
        (b"9" * 5000, RefusedError, "envelope"),
        (b"[" * 100_000, RefusedError, "envelope"),
        (envelope(signatures=None), RefusedError, "field signatures"),
        (envelope(signatures=[]), RefusedError, "field signatures"),
        (envelope(signatures={"0": SIG}), RefusedError, "field signatures"),
        (envelope(signatures=[SIG] * 5), TooLargeError, "field signatures"),
        (envelope(signatures=[SIG, "x"]), RefusedError, "field signatures[1]"),
        (envelope(signatures=[{}]), RefusedError, "field signatures[0].sig"),
        (envelope(signatures=[{"sig": ""}]), RefusedError, "field signatures[0].sig"),
        (envelope(signatures=[{"sig": "AB=="}]), RefusedError, "field signatures[0].sig"),
        (envelope(signatures=[{"sig": b64encode(bytes(8193)).decode()}]), RefusedError,
         "field signatures[0].sig"),
        (envelope(signatures=[SIG | {"keyid": 1}]), RefusedError, "field keyid"),
        (envelope(signatures=[SIG | {"keyid": "k" * 257}]), TooLargeError, "field keyid"),
        (envelope(payloadType=None), RefusedError, "field payloadType"),
        (envelope(payloadType=""), RefusedError, "field payloadType"),
        (envelope(payloadType="t" * 257), TooLargeError, "field payloadType"),
        (envelope(payloadType="\ud800"), RefusedError, "field payloadType"),
        (envelope(payload=None), RefusedError, "field payload"),
        (envelope(payload="-_+/"), RefusedError, "field payload"),
        (envelope(payload="-A+A"), RefusedError, "field payload"),
        (envelope(payload="_A/A"), RefusedError, "field payload"),
        (envelope(payload="AA"), RefusedError, "field payload"),
    ],
)  # fmt: skip
def test_what_is_no_envelope_is_refused_with_its_place(
    raw: bytes, kind: type[RefusedError], place: str
) -> None:
    """Too large apart from wrong."""
    with pytest.raises(RefusedError) as caught:
        Envelope.parse(raw)
    assert (type(caught.value), caught.value.place) == (kind, place)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"9" * 5000, "not JSON that an envelope can be"),
        (envelope(payloadType=""), "empty"),
        (envelope(payload="-A+A"), "two alphabets"),
        (envelope(payload="_A/A"), "two alphabets"),
        (envelope(signatures=[{"sig": ""}]), "expected 1 to 8192 bytes"),
    ],
)
def test_it_is_said_what_is_wrong(raw: bytes, reason: str) -> None:
    """With each rule by its own."""
    with pytest.raises(RefusedError, match=reason):
        Envelope.parse(raw)


def test_sixteen_mebibytes_are_the_most() -> None:
    """One more is not looked into."""
    assert MAX_ENVELOPE == 16_777_216
    with pytest.raises(RefusedError, match="not JSON"):
        Envelope.parse(b" " * MAX_ENVELOPE)
    with pytest.raises(TooLargeError, match="at most 16777216 bytes"):
        Envelope.parse(b" " * (MAX_ENVELOPE + 1))


def signed(*signatures: tuple[str | None, bytes]) -> Envelope:
    """An envelope with these hints and signatures."""
    return Envelope("t", PAYLOAD, tuple(EnvelopeSignature(*one) for one in signatures))


def test_a_hint_saves_trying_and_proves_nothing() -> None:
    """A wrong one is no obstacle, unless another of the keys bears that name."""
    keys = [ONE.verifier, TWO.verifier]
    value = TWO.sign(pae("t", PAYLOAD))
    for hint in (None, TWO.id, "unknown"):
        assert signed((hint, value)).verify(keys) == TWO.verifier
        assert signed((None, bytes(64)), (hint, value)).verify(iter(keys)) == TWO.verifier
    for wrong in (
        signed((ONE.id, value)), signed((None, value), (ONE.id, bytes(64))),
        signed((None, bytes(64))), signed((TWO.id, TWO.sign(pae("u", PAYLOAD)))),
        signed((TWO.id, TWO.sign(PAYLOAD))),
    ):  # fmt: skip
        with pytest.raises(ForbiddenError, match="no signature verifies"):
            wrong.verify(keys)
