"""What an answer states of its ledger is held against the log's signed checkpoint."""

from __future__ import annotations

from typing import Any

import pytest

from pipeledger.verifier.answer import check_stated
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import MAX_NUMBER, UncheckedError, UnsoundError
from tests.client.writer import ORIGIN, Writer, ledger_of, root

WRITER = ledger_of(5)
LOG = trusted_log(WRITER.vkeys)
ROOT = root(WRITER.leaves)


def proof(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The proof of an answer at the last position, some of it changed."""
    told = {
        "format": "pipeledger/answer/v1", "origin": ORIGIN, "position": 5, "root": ROOT.hex(),
        "checkpoint": WRITER.checkpoint().decode(),
    }  # fmt: skip
    return told | changes


def test_the_root_of_the_checkpoint_s_own_position_is_settled() -> None:
    """Whoever asks is told whose ledger, which state, and by which note."""
    stated = check_stated(proof(), [LOG])
    assert stated.settled
    assert stated.log is LOG
    assert (stated.at.origin, stated.at.size, stated.at.root) == (ORIGIN, 5, ROOT)
    assert (stated.checkpoint.size, stated.checkpoint.root) == (5, ROOT)


def test_an_earlier_position_is_stated_and_not_settled() -> None:
    """A larger checkpoint does not tell the root of fewer entries; the first is one as well."""
    for position, root_hash in ((4, root(WRITER.leaves[:4])), (1, b"\7" * 32)):
        stated = check_stated(proof(position=position, root=root_hash.hex()), [LOG])
        assert not stated.settled
        assert (stated.at.size, stated.at.root) == (position, root_hash)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"format": "pipeledger/answer/v2"}, "not of a version"),
        ({"format": None}, "not of a version"),
        ({"checkpoint": None}, "without a checkpoint"),
        ({"checkpoint": 7}, "without a checkpoint"),
        ({"position": None}, "without a position"),
        ({"position": True}, "without a position"),
        ({"position": 4.0}, "without a position"),
        ({"position": 0}, "without a position"),
        ({"position": -1}, "without a position"),
        ({"position": MAX_NUMBER + 1}, "without a position"),
        ({"position": MAX_NUMBER}, "beyond its own checkpoint"),
        ({"position": 6}, "position 6 lies beyond its own checkpoint"),
        ({"root": None}, "without a root hash"),
        ({"root": 32}, "without a root hash"),
        ({"root": "g" * 64}, "without a root hash"),
        ({"root": "00" * 31}, "without a root hash"),
        ({"root": "00" * 33}, "without a root hash"),
        ({"root": "00" * 32}, "not that of its checkpoint"),
        ({"origin": "another.example/log"}, "of another ledger"),
        ({"origin": None}, "of another ledger"),
        ({"checkpoint": WRITER.checkpoint(4).decode()}, "position 5 lies beyond"),
        ({"checkpoint": WRITER.checkpoint().decode().replace("\n5\n", "\n6\n")}, "not verify"),
    ],
)
def test_what_an_answer_misstates_is_named(changes: dict[str, Any], cause: str) -> None:
    """Each field, at its bounds."""
    with pytest.raises(UnsoundError, match=cause):
        check_stated(proof(**changes), [LOG])


@pytest.mark.parametrize("one", [None, [], "proof"])
def test_what_is_no_object_is_no_answer(one: object) -> None:
    """Of any other JSON."""
    with pytest.raises(UnsoundError, match="not of a version"):
        check_stated(one, [LOG])


def test_an_answer_of_an_unknown_ledger_is_not_judged() -> None:
    """No key, no verdict."""
    other = Writer("elsewhere.example/log")
    other.append()
    with pytest.raises(UncheckedError):
        check_stated(proof(checkpoint=other.checkpoint().decode()), [LOG])
