"""Whatever lies in a file or comes from a server, the verifier answers with its own errors.

And it agrees with the ledger's own parsers, which were written apart: what one of the two takes
for an entry, a checkpoint or a proof, the other takes too.
"""

from __future__ import annotations

import io
import json
import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.errors import PipeledgerError
from domain.log.checkpoint import open_checkpoint as open_server_checkpoint
from domain.log.cosignature import WitnessSigner
from domain.log.entry import parse_entry as parse_server_entry
from domain.log.key import parse_vkey
from domain.log.proof import TlogProof
from domain.log.tree import verify_consistency, verify_inclusion
from pipeledger.verifier.answer import check_stated
from pipeledger.verifier.chain import Chain
from pipeledger.verifier.entry import parse_entry
from pipeledger.verifier.evidence import Policy, check_path
from pipeledger.verifier.key import TrustedKey
from pipeledger.verifier.lines import Settings, check_lines
from pipeledger.verifier.note import note_origin, open_checkpoint
from pipeledger.verifier.proof import parse_proof
from pipeledger.verifier.tree import is_consistent, is_included
from pipeledger.verifier.trust import read_trust, trusted_log
from pipeledger.verifier.wire import VerifierError
from pipeledger.verifier.witness import WitnessPolicy
from tests.client.writer import ledger_of
from tests.mutations import mutated, refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.hypothesis
FEW, MANY = 25, 1_500
OWN = (VerifierError,)
WRITER = ledger_of(9)
LOG = trusted_log(WRITER.vkeys)
POLICY = Policy([LOG], Settings())
CHECKPOINT = WRITER.checkpoint()


def _json(value: Any) -> bytes:  # noqa: ANN401 - JSON
    return json.dumps(value).encode()


def _lines(raw: bytes) -> object:
    lines = [line + b"\n" for line in raw.split(b"\n") if line]
    return check_lines(lines, LOG, Settings(), note=CHECKPOINT)


def _chain(raw: bytes) -> None:
    chain = Chain(LOG)
    chain.extend([WRITER.entries[0].raw, raw, WRITER.entries[2].raw])
    chain.finish(open_checkpoint(WRITER.checkpoint(3), LOG.log_keys, LOG.origin))


_EXPORT = b"".join(_json(line) + b"\n" for line in WRITER.lines())
_STREAM = {
    "format": "pipeledger/stream/v1", "stream": "ledger", "size": 9,
    "checkpoint": CHECKPOINT.decode(), "entries": [],
}  # fmt: skip
_ANSWER = {
    "format": "pipeledger/answer/v1", "origin": WRITER.origin, "position": 9, "root": "00" * 32,
    "checkpoint": CHECKPOINT.decode(),
}  # fmt: skip
_TRUST = {"v": 1, "ledgers": [{"url": "", "ledger": "", "origin": WRITER.origin,
          "keys": WRITER.vkeys, "seen": {"size": 3, "root": "00" * 32}}]}  # fmt: skip

_WITNESSES = [
    WitnessSigner(f"{name}.example", bytes([seed]) * 32).verifier.vkey()
    for seed, name in enumerate(("one", "two", "three"), 5)
]
_POLICY = (
    f"# who is believed\nlog {WRITER.log.vkey} https://log.example/\n"
    f"witness one {_WITNESSES[0]}\nwitness two {_WITNESSES[1]} https://two.example/\n"
    f"witness three {_WITNESSES[2]}\ngroup both all one two\ngroup some 1 both three\n"
    "quorum some\n"
).encode()

PARSERS: dict[str, tuple[Callable[[bytes], object], list[bytes]]] = {
    "note": (note_origin, [CHECKPOINT]),
    "checkpoint": (
        lambda raw: open_checkpoint(raw, LOG.log_keys, LOG.origin), [CHECKPOINT],
    ),
    "proof": (parse_proof, [WRITER.proof(3)]),
    "entry": (parse_entry, [one.raw for one in WRITER.entries]),
    "key": (lambda raw: TrustedKey.parse(raw.decode("utf-8", "replace")),
            [key.encode() for key in WRITER.vkeys]),
    "witness policy": (WitnessPolicy, [_POLICY]),
    "trust store": (read_trust, [_json(_TRUST)]),
    "chain": (_chain, [WRITER.entries[1].raw]),
    "exported lines": (_lines, [_EXPORT]),
    "answer": (lambda raw: check_stated(json.loads(raw), [LOG]), [_json(_ANSWER)]),
}  # fmt: skip
FILES: dict[str, bytes] = {
    "entry with its proof": _json(WRITER.proved(4)),
    "receipt": _json(WRITER.receipt(1, 1)),
    "receipts": _json({"receipts": [{"status": 201, "receipt": WRITER.receipt(1, 1)}],
                       "checkpoint": CHECKPOINT.decode()}),
    "checkpoint": CHECKPOINT,
    "proof file": WRITER.proof(3),
    "export": _EXPORT + _json({"count": 9, "checkpoint": CHECKPOINT.decode()}) + b"\n",
    "stream": _json(_STREAM),
    "answer": _json({"proof": _ANSWER | {"root": WRITER.leaves[0].hex()}, "tables": {}}),
}  # fmt: skip


def _fuzz(attempt: Callable[[bytes], object], seeds: list[bytes], examples: int) -> None:
    @settings(
        max_examples=examples, deadline=None, database=None,
        phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(raw=mutated(seeds))
    def test(raw: bytes) -> None:
        attempt(raw)

    test()


def _parse(name: str) -> tuple[Callable[[bytes], object], list[bytes]]:
    parse, seeds = PARSERS[name]
    # JSON is read by the caller of this one, strictly.
    own = (*OWN, ValueError, RecursionError) if name == "answer" else OWN
    return partial(refused, parse, own=own), seeds


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_raises_nothing_but_the_verifiers_errors(name: str) -> None:
    """Nearly right bytes and random ones."""
    _fuzz(*_parse(name), FEW)


@pytest.mark.long
@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_raises_nothing_else_however_long_one_tries(name: str) -> None:
    """Thousands of them."""
    _fuzz(*_parse(name), MANY)


def _file(name: str, folder: Path, examples: int) -> None:
    file, entry = folder / "evidence", folder / "entry"
    entry.write_bytes(WRITER.entries[2].raw)
    policy = Policy([LOG], Settings(), entry)

    def attempt(raw: bytes) -> None:
        file.write_bytes(raw)
        refused(lambda _: check_path(file, policy), raw, OWN)

    _fuzz(attempt, [FILES[name]], examples)


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_judged_or_refused_and_nothing_else(name: str, tmp_path: Path) -> None:
    """Every kind of evidence, nearly right."""
    _file(name, tmp_path, FEW)


@pytest.mark.long
@pytest.mark.parametrize("name", FILES)
def test_a_file_is_judged_or_refused_however_long_one_tries(name: str, tmp_path: Path) -> None:
    """Thousands of them."""
    _file(name, tmp_path, MANY // 4)


def _folder(folder: Path, examples: int) -> None:
    log = WRITER.tiles(folder / "log")
    files = [one for one in sorted(log.rglob("*")) if one.is_file()]
    sound = {file: file.read_bytes() for file in files}
    seeds = [bytes([at]) + raw for at, raw in enumerate(sound.values())]

    def attempt(raw: bytes) -> None:
        file = files[raw[0] % len(files)] if raw else files[0]
        file.write_bytes(raw[1:])
        refused(lambda _: check_path(log, POLICY), raw, OWN)
        file.write_bytes(sound[file])

    _fuzz(attempt, seeds, examples)


def test_a_tiled_log_is_judged_or_refused_and_nothing_else(tmp_path: Path) -> None:
    """Bundles, tiles and checkpoint, one altered at a time."""
    _folder(tmp_path, FEW)


@pytest.mark.long
def test_a_tiled_log_is_judged_or_refused_however_long_one_tries(tmp_path: Path) -> None:
    """Thousands of them."""
    _folder(tmp_path, MANY // 4)


BOTH: dict[str, tuple[Callable[[bytes], object], Callable[[bytes], object], list[bytes]]] = {
    "entry": (parse_server_entry, parse_entry, [one.raw for one in WRITER.entries]),
    "checkpoint": (
        lambda raw: open_server_checkpoint(raw, [parse_vkey(WRITER.log.vkey)], WRITER.origin),
        lambda raw: open_checkpoint(raw, LOG.log_keys, LOG.origin),
        [CHECKPOINT],
    ),
}


def _agree(name: str, examples: int) -> None:
    server, client, seeds = BOTH[name]

    def attempt(raw: bytes) -> None:
        assert refused(server, raw, (PipeledgerError,)) == refused(client, raw, OWN), raw[:2000]

    for seed in seeds:
        assert not refused(client, seed, OWN)
        attempt(seed)
    _fuzz(attempt, seeds, examples)


@pytest.mark.parametrize("name", BOTH)
def test_ledger_and_verifier_take_the_same_bytes_for_right(name: str) -> None:
    """Two implementations, one language."""
    _agree(name, FEW)


@pytest.mark.long
@pytest.mark.parametrize("name", BOTH)
def test_ledger_and_verifier_take_the_same_bytes_for_right_in_the_long_run(name: str) -> None:
    """Thousands of them."""
    _agree(name, MANY)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.data())
def test_ledger_and_verifier_agree_on_proofs(one: int, two: int, data: st.DataObject) -> None:
    """Any sizes, any hashes of a small choice: both refuse, or both accept."""
    choice = st.sampled_from([*WRITER.leaves, bytes(32), b"short"])
    path = data.draw(st.lists(choice, max_size=7))
    first, second = data.draw(choice), data.draw(choice)

    def inclusion(_: bytes) -> None:
        verify_inclusion(first, one, two, path, second)

    def consistency(_: bytes) -> None:
        verify_consistency(one, two, first, second, path)

    assert refused(inclusion, b"", (PipeledgerError,)) != is_included(first, one, two, path, second)
    if one:
        accepted = is_consistent(one, two, first, second, path)
        assert refused(consistency, b"", (PipeledgerError,)) != accepted


def test_archives_are_not_taken_for_evidence(tmp_path: Path) -> None:
    """The verifier's core reads no archives; it says that it does not know what this is."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("checkpoint", CHECKPOINT)
    file = tmp_path / "evidence"
    file.write_bytes(packed.getvalue())
    assert refused(lambda _: check_path(file, POLICY), b"", OWN)
    assert TlogProof.parse(WRITER.proof(3)).index == 2
