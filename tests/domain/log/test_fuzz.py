"""Whatever strangers send to the parsers of the log, they answer with our own errors or not at all.

The seeds are right texts; what is tried is nearly right. Few in the quick run, many in the long.
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.errors import PipeledgerError
from domain.log.checkpoint import Checkpoint, open_checkpoint
from domain.log.context import Context
from domain.log.cosignature import WitnessSigner
from domain.log.dsse import Envelope
from domain.log.emitter import EmitterKey
from domain.log.entry import Seq, link_of, parse_entry
from domain.log.key import parse_vkey
from domain.log.note import parse_note
from domain.log.policy import Policy
from domain.log.proof import TlogProof
from domain.log.tile import Tile
from domain.log.tree import verify_consistency, verify_inclusion
from domain.log.wire import read_base64, read_number
from domain.log.witness import Submission
from tests.domain.log import known_answers as known
from tests.mutations import mutated, refused

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.hypothesis
FEW, MANY = 25, 1_500
OWN = (PipeledgerError,)
_RAW = [b"%b\n%b" % (one.seq.encode(), one.ctx.encode()) for one in known.ENTRIES]
_NOTE = known.CHECKPOINT.encode()
_POLICY = (
    f"# who is believed\nlog {known.LOG_VKEY} https://log.example/\n"
    f"witness one {WitnessSigner('one.example', bytes([5]) * 32).verifier.vkey()}\n"
    f"witness two {WitnessSigner('two.example', bytes([6]) * 32).verifier.vkey()} https://w.example\n"
    "group both all one two\nquorum both\n"
).encode()  # fmt: skip
_ENVELOPE = json.dumps({
    "payloadType": "application/json", "payload": b64encode(b"{}").decode(),
    "signatures": [{"keyid": "k", "sig": b64encode(bytes(64)).decode()}],
}).encode()  # fmt: skip
_PEM = (
    b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAgTl3Dqh9F19Wo1Rmw0x+zMuNipG07jeiXfYPW4/Js5Q=\n"
    b"-----END PUBLIC KEY-----\n"
)


def text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    """A parser of texts, given bytes: as they come out of a decoded body or path."""
    return lambda raw: parse(raw.decode("utf-8", "surrogateescape"))


PARSERS: dict[str, tuple[Callable[[bytes], object], list[bytes]]] = {
    "note": (parse_note, [_NOTE]),
    "checkpoint text": (text(Checkpoint.parse), [_NOTE.split(b"\n\n")[0] + b"\n"]),
    "checkpoint": (
        lambda raw: open_checkpoint(raw, [known.LOG.verifier], known.ORIGIN), [_NOTE],
    ),
    "proof": (TlogProof.parse, [known.PROOF_OF_POSITION_2.encode()]),
    "policy": (Policy.parse, [_POLICY]),
    "submission to a witness": (
        Submission.parse,
        [b"old 0\n\n" + _NOTE, b"old 2\n" + b64encode(bytes(32)) + b"\n\n" + _NOTE],
    ),
    "entry": (parse_entry, _RAW),
    "seq": (Seq.parse, [raw.split(b"\n")[0] for raw in _RAW]),
    "context": (Context.parse, [raw.split(b"\n")[1] for raw in _RAW]),
    "link": (link_of, _RAW),
    "verifier key": (text(parse_vkey), [known.LOG_VKEY.encode(), known.INTAKE_VKEY.encode()]),
    "envelope": (Envelope.parse, [_ENVELOPE]),
    "emitter key": (EmitterKey.parse, [_PEM]),
    "path of a tile": (
        text(Tile.parse), [b"tile/0/x001/x234/067", b"tile/entries/273.p/112", b"tile/63/000"],
    ),
    "number": (text(lambda one: read_number(one, "x")), [b"0", b"9223372036854775807"]),
    "base64": (text(lambda one: read_base64(one, "x")), [b"AA==", b"AAAA", b"+/8="]),
}  # fmt: skip


def _fuzz(name: str, examples: int) -> None:
    parse, seeds = PARSERS[name]
    if name != "emitter key":
        assert not all(refused(parse, seed, OWN) for seed in seeds)

    @settings(
        max_examples=examples, deadline=None, database=None,
        phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(raw=mutated(seeds))
    def attempt(raw: bytes) -> None:
        refused(parse, raw, OWN)

    attempt()


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_raises_nothing_but_our_own_errors(name: str) -> None:
    """Nearly right bytes and random ones."""
    _fuzz(name, FEW)


@pytest.mark.long
@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_raises_nothing_but_our_own_errors_however_long_one_tries(name: str) -> None:
    """Thousands of them."""
    _fuzz(name, MANY)


_HASHES = st.lists(st.binary(min_size=30, max_size=34), max_size=70)


@settings(max_examples=200, deadline=None)
@given(st.integers(-1, 2**64), st.integers(-1, 2**64), _HASHES, st.binary(max_size=33))
def test_proofs_of_any_numbers_and_hashes_are_refused_as_damage(
    one: int, two: int, path: list[bytes], root: bytes
) -> None:
    """No size, index or length of a path leads anywhere else."""
    with pytest.raises(PipeledgerError):
        verify_inclusion(bytes(32), one, two, path, root)
    with pytest.raises(PipeledgerError):
        verify_consistency(one, two, root, bytes(32), path)
