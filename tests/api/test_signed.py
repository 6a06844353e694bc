"""Events that emitters sign: who is believed, for which ledger, and what is kept."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from domain.log.dsse import pae
from tests.inside import client
from tests.serving import Running, event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

DSSE = {"Content-Type": "application/vnd.dsse.envelope.v1+json"}
PAYLOAD = "application/cloudevents+json"
PROOF = {"Accept": "application/vnd.pipeledger.proof+json"}
SEED = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for the module, with SEED's key enrolled."""
    with serving(tmp_path_factory.mktemp("server") / "data") as running:
        enroll(running, SEED, "--source", "https://ci.example/")
        yield running


@pytest.fixture
def http(server: Running) -> Iterator[httpx.Client]:
    """A client that sends no token unless told."""
    with server.http() as stranger:
        del stranger.headers["Authorization"]
        yield stranger


def enroll(server: Running, private: Any, *more: str) -> str:  # noqa: ANN401 - any kind of key
    """Enroll a key; its credential."""
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    file = server.data.parent / "key.pub"
    file.write_bytes(pem)
    return server.administer("key", "enroll", "--name", "runner", *more, str(file)).split()[1]


def origin(server: Running) -> str:
    """The ledger's origin, as it says itself."""
    with server.http() as http:
        return str(http.get("/log/keys").json()["origin"])


def payload(server: Running, number: int, **more: Any) -> bytes:  # noqa: ANN401 - JSON
    """An event that names the ledger."""
    value = event(number) | {"pipeledgerorigin": origin(server)} | more
    return json.dumps({name: one for name, one in value.items() if one is not None}).encode()


def envelope(body: bytes, signature: bytes, kind: str = PAYLOAD, **more: Any) -> bytes:  # noqa: ANN401 - JSON
    """An envelope with one signature."""
    said = {"payloadType": kind, "payload": b64encode(body).decode(),
            "signatures": [{"sig": b64encode(signature).decode(), **more}]}  # fmt: skip
    return json.dumps(said).encode()


def signed(body: bytes, kind: str = PAYLOAD) -> bytes:
    """An envelope by SEED."""
    return envelope(body, SEED.sign(pae(kind, body)), kind)


def test_a_signed_event_needs_no_token_and_keeps_its_envelope(
    server: Running, http: httpx.Client
) -> None:
    """It is recorded as known by its key; a repeat gives the first receipt."""
    raw = signed(payload(server, 1))
    first = http.post("/events", content=raw, headers=DSSE)
    assert first.status_code == 201, first.text
    receipt = first.json()
    context = json.loads(receipt["ctx"])
    assert context["by"]["how"] == "key"
    assert context["as"] == "asserted"
    again = http.post("/events", content=raw, headers=DSSE)
    assert (again.status_code, again.json()) == (200, receipt)
    with server.http() as operator:
        bundle = operator.get(f"/entries/{receipt['position']}/proof", headers=PROOF).json()
    parts = {part["name"]: b64decode(part["bytes"]) for part in bundle["parts"]}
    assert parts["original"] == raw


def test_ecdsa_keys_sign_too(server: Running, http: httpx.Client) -> None:
    """And a repeat is recognised although the signature differs."""
    private = generate_private_key(SECP256R1())
    enroll(server, private)
    body = payload(server, 2)
    answers = [
        http.post("/events", headers=DSSE,
                  content=envelope(body, private.sign(pae(PAYLOAD, body), ECDSA(SHA256()))))
        for _ in range(2)
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [201, 200]


def test_what_is_not_rightly_signed_is_refused_with_its_place(
    server: Running, http: httpx.Client
) -> None:
    """Nothing of it is kept."""
    body = payload(server, 3)
    stranger = Ed25519PrivateKey.generate()
    refused = {
        "field signatures": [
            envelope(body, stranger.sign(pae(PAYLOAD, body))),
            envelope(body, bytes(64)),
            envelope(body, b"\x01" + bytes(63)),
            envelope(body + b" ", SEED.sign(pae(PAYLOAD, body))),
            # Signed as something else.
            envelope(body, SEED.sign(body)),
            envelope(body, SEED.sign(pae("text/plain", body))),
        ],
        "field signatures[0].sig": [envelope(body, b"")],
        "field payloadType": [signed(body, "application/vnd.in-toto+json")],
        "field pipeledgerorigin": [
            signed(payload(server, 3, pipeledgerorigin=None)),
            signed(payload(server, 3, pipeledgerorigin="other.example/log")),
        ],
        "field source": [signed(payload(server, 3, source="https://elsewhere.example/"))],
        "field type": [
            signed(payload(server, 3, type="pipeledger.freeze.lifted.v1", data={"freeze": "f"})),
        ],
        "character 0": [b"hello"],
        "field signatures ": [b'{"payloadType":"application/cloudevents+json","payload":""}'],
    }
    before = http.get("/log/checkpoint", headers={"Authorization": f"Bearer {server.token}"}).text
    for place, bodies in refused.items():
        for raw in bodies:
            answer = http.post("/events", content=raw, headers=DSSE)
            assert 400 <= answer.status_code < 500
            assert answer.json()["place"] == place.strip(), raw
    after = http.get("/log/checkpoint", headers={"Authorization": f"Bearer {server.token}"}).text
    assert after == before


def test_a_ledger_that_is_not_there_looks_like_a_signature_that_does_not_verify(
    server: Running, http: httpx.Client
) -> None:
    """Nobody learns names of ledgers."""
    raw = signed(payload(server, 4))
    elsewhere = http.post(f"{server.url}/v1/secret/events", content=raw, headers=DSSE)
    body = payload(server, 4)
    unknown = http.post("/events", content=envelope(body, bytes(64)), headers=DSSE)
    assert (elsewhere.status_code, elsewhere.json()) == (unknown.status_code, unknown.json())


def test_a_wrong_token_beside_a_good_signature_is_refused(
    server: Running, http: httpx.Client
) -> None:
    """Whoever shows a credential must have it."""
    headers = DSSE | {"Authorization": "Bearer plt_wrong"}
    answer = http.post("/events", content=signed(payload(server, 5)), headers=headers)
    assert answer.status_code == 401


def test_keys_that_anybody_could_sign_for_are_not_enrolled(server: Running) -> None:
    """Low order, another curve, a private key, no key at all; one line, exit status 2."""
    prefix = bytes.fromhex("302a300506032b6570032100")
    neutral = prefix + b"\x01" + bytes(31)
    for raw in (neutral, prefix + bytes(32), b"hello", b"", b"x" * 10_000,
                SEED.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())):  # fmt: skip
        file = server.data.parent / "bad.pub"
        file.write_bytes(raw)
        said = server.administer("key", "enroll", "--name", "x", str(file), status=2)
        assert "public key" in said


def kinds_in(server: Running, stream: str, number: int) -> list[str]:
    """Types of a stream's events; the event sent before makes the server look at its ledger."""
    with server.http() as operator:
        said = signed(payload(server, number))
        assert operator.post("/events", content=said, headers=DSSE).status_code == 201
        return [one["type"] for one in operator.get(stream).json()["entries"]]


def test_enrolling_and_revoking_is_recorded(server: Running) -> None:
    """A key works from its enrolment on, until it is revoked, and never comes back."""
    private = Ed25519PrivateKey.generate()
    credential = enroll(server, private)
    assert credential in server.administer("key", "list")
    stream = f"/streams/credential/{credential}"
    assert kinds_in(server, stream, 101) == ["pipeledger.key.enrolled"]
    server.administer("key", "revoke", credential)
    server.administer("key", "revoke", credential, status=2)
    kinds = kinds_in(server, stream, 102)
    assert kinds == ["pipeledger.key.enrolled", "pipeledger.key.revoked"]
    file = server.data.parent / "key.pub"
    said = server.administer("key", "enroll", "--name", "y", str(file), status=2)
    assert "revoked" in said


def test_tokens_are_recorded_without_their_text(server: Running) -> None:
    """Issued and revoked."""
    text = server.token_of("emitter", "ci")
    rows = [line.split("\t") for line in server.administer("token", "list").splitlines()]
    (credential,) = (row[0] for row in rows if row[1] == "emitter")
    with server.http() as operator:
        entries = operator.get("/entries", params={"type": "pipeledger.token.*"}).json()["entries"]
    assert {one["type"] for one in entries} == {"pipeledger.token.issued"}
    assert text not in json.dumps(entries)
    server.administer("token", "revoke", credential)
    server.administer("token", "revoke", credential, status=2)


def test_the_client_signs_with_its_key(server: Running, tmp_path: Path) -> None:
    """With PIPELEDGER_KEY, also without a token."""
    file = tmp_path / "emitter.pem"
    file.write_bytes(SEED.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    environment = server.environment(tmp_path) | {
        "PIPELEDGER_KEY": str(file), "PIPELEDGER_STRICT": "1",
        "PIPELEDGER_SOURCE": "https://ci.example/acme/shop",
    }  # fmt: skip
    words = ["emit", "deployment.finished", "service=a", "environment=b", "outcome=success",
             "deployment=signed-1", "--json"]  # fmt: skip
    done = client(*words, environment=environment)
    assert json.loads(json.loads(done.stdout)["ctx"])["by"]["how"] == "key"
