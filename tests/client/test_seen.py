"""What was verified once binds whatever is verified later, in every form of evidence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipeledger.verifier.evidence import Policy, Verdict, check_path
from pipeledger.verifier.lines import Settings
from pipeledger.verifier.seen import ForkError
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import Checkpoint, UncheckedError, UnsoundError
from tests.client.writer import Writer, b64, consistency, ledger_of, root

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipeledger.verifier.trust import TrustedLog
    from tests.client.conftest import Command
    from tests.client.listening import Listening

SIZE = 12
SEEN = 7


@pytest.fixture(scope="module")
def writer() -> Writer:
    """A ledger of twelve entries."""
    return ledger_of(SIZE)


@pytest.fixture(scope="module")
def other() -> Writer:
    """Another history under the same keys, from the third entry on."""
    forked = ledger_of(2)
    for _ in range(SIZE - 2):
        forked.append(streams=("line/other@production",))
    return forked


def _proved(writer: Writer, file: Path, size: int) -> Path:
    file.write_text(json.dumps(writer.proved(2) | {"proof": b64(writer.proof(2, size))}))
    return file


def _checkpoint(writer: Writer, file: Path, size: int) -> Path:
    file.write_bytes(writer.checkpoint(size))
    return file


FORMS: dict[str, Callable[[Writer, Path, int], Path]] = {
    "an entry with its proof": _proved,
    "a checkpoint": _checkpoint,
}


def saw(writer: Writer, size: int) -> Checkpoint:
    """What was seen of a ledger."""
    return Checkpoint(writer.origin, size, root(writer.leaves[:size]))


def judge(
    file: Path, seen: Checkpoint | None, asked: Writer | None, known: tuple[Checkpoint, ...] = ()
) -> Verdict:
    """The verdict on a file, with a ledger that gives consistency proofs, or none."""

    def between(_: TrustedLog, old: int, new: int) -> Sequence[bytes]:
        assert asked is not None
        return consistency(old, asked.leaves[:new])

    log = trusted_log(Writer().vkeys, seen=seen)
    policy = Policy([log], Settings(known=known), consistency=between if asked else None)
    (verdict,) = check_path(file, policy)
    return verdict


@pytest.mark.parametrize("form", FORMS)
def test_a_larger_state_must_be_shown_to_contain_what_was_seen(
    writer: Writer, other: Writer, tmp_path: Path, form: str
) -> None:
    """By a consistency proof, where a ledger can be asked; without one it is said."""
    file = FORMS[form](writer, tmp_path / "evidence", SIZE)
    seen = saw(writer, SEEN)
    assert judge(file, seen, writer).follows
    alone = judge(file, seen, None)
    assert not alone.follows
    assert any(line.startswith("not checked: whether the 12 entries") for line in alone.lines)
    for asked in (writer, other):
        with pytest.raises(ForkError, match=r"do not begin with the 7 ones .* a fork"):
            judge(file, saw(other, SEEN), asked)


@pytest.mark.parametrize("form", FORMS)
def test_a_state_of_an_earlier_time_must_be_a_beginning_of_what_was_seen(
    writer: Writer, other: Writer, tmp_path: Path, form: str
) -> None:
    """An old proof is no rollback; but it is of the same history, or refused."""
    file = FORMS[form](writer, tmp_path / "evidence", 5)
    verdict = judge(file, saw(writer, SIZE), writer)
    assert not verdict.follows
    assert f"older than what was seen before: {SIZE} entries" in verdict.lines
    with pytest.raises(ForkError, match="a fork"):
        judge(file, saw(other, SIZE), writer)
    with pytest.raises(UnsoundError, match="position 6: missing: 12 entries"):
        judge(file, None, writer, known=(saw(writer, SIZE),))


@pytest.mark.parametrize("form", FORMS)
def test_one_size_under_two_roots_is_told_as_a_fork(
    writer: Writer, other: Writer, tmp_path: Path, form: str
) -> None:
    """No ledger has to be asked for that."""
    file = FORMS[form](writer, tmp_path / "evidence", SIZE)
    with pytest.raises(ForkError, match="two different roots are signed for size 12") as caught:
        judge(file, saw(other, SIZE), None)
    assert caught.value.one.root != caught.value.other.root
    assert judge(file, saw(writer, SIZE), None).follows


def test_what_was_brought_as_known_must_be_shown_or_there_is_no_verdict(
    writer: Writer, tmp_path: Path
) -> None:
    """It was asked for, so a line that it was not checked is not enough."""
    file = _checkpoint(writer, tmp_path / "evidence", SIZE)
    with pytest.raises(UncheckedError, match="whether the 12 entries begin with the 7"):
        judge(file, None, None, known=(saw(writer, SEEN),))
    assert judge(file, None, writer, known=(saw(writer, SEEN),)).follows


def test_offline_evidence_is_remembered_and_a_rollback_of_the_ledger_is_found_by_it(
    command: Command, ledger: Listening, tmp_path: Path
) -> None:
    """Verified from a file once, the ledger itself may not hold less afterwards."""
    ledger.written = ledger_of(SIZE)
    command("trust", "add", ledger.url, "--fingerprint", ledger.written.fingerprint)
    command("verify", ledger.written.export(tmp_path / "export"))
    (trusted,) = json.loads(command("trust", "list", "--json").stdout)
    assert trusted["seen"] == SIZE
    larger = ledger_of(SIZE + 3)
    checkpoint = _checkpoint(larger, tmp_path / "checkpoint", SIZE + 3)
    # The ledger cannot prove what it does not have: it was rolled back.
    refused = command("verify", checkpoint, status=1)
    assert "position 13: missing: 15 entries were signed, and the ledger has 12" in refused.stderr
    ledger.written = larger
    command("verify", checkpoint)
    (trusted,) = json.loads(command("trust", "list", "--json").stdout)
    assert trusted["seen"] == SIZE + 3
    ledger.written = ledger_of(SIZE)
    refused = command("verify", ledger.url, status=1)
    assert "position 13: missing: 15 entries were seen here before" in refused.stderr
    assert "position 13: missing" in command("verify", tmp_path / "export", status=1).stderr
    command("verify", tmp_path / "export", "--older", "--offline")
