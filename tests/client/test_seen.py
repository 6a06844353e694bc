"""What was verified once binds whatever is verified later, in every form of evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import pytest

from pipeledger.verifier.evidence import Policy, Verdict, check_path
from pipeledger.verifier.lines import Settings
from pipeledger.verifier.seen import NO_WITNESS, ForkError, Memory, Standing
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import Checkpoint, UncheckedError, UnsoundError
from tests.client.listening import Reply
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


@dataclass
class Asked:
    """Gives the paths of a ledger, and notes which it was asked for."""

    writer: Writer
    sizes: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, log: TrustedLog, old: int, new: int) -> Sequence[bytes]:
        """The path between two sizes."""
        assert log.origin == self.writer.origin
        self.sizes.append((old, new))
        return consistency(old, self.writer.leaves[:new])


UNTOLD: Final = (
    "not checked: whether the {} entries begin with the {} ones of the earlier checkpoint, which "
    "needs the whole log or its ledger"
)
OLDER: Final = "older than what was seen before: {} entries"


@pytest.mark.parametrize(
    ("size", "seen", "whole", "passed", "older", "asks", "lines", "follows"),
    [
        (7, None, True, True, False, False, [], True),
        (7, 7, True, False, False, False, [], True), (7, 5, True, True, False, False, [], True),
        (7, 5, False, False, False, True, [], True), (7, 0, False, False, False, False, [], True),
        (7, 5, False, False, False, False, [UNTOLD.format(7, 5)], False),
        (7, 9, False, False, False, True, [OLDER.format(9)], False),
        (7, 9, True, True, True, True, [OLDER.format(9)], False),
        (7, 9, False, False, False, False, [UNTOLD.format(9, 7), OLDER.format(9)], False),
        (0, 9, False, False, False, False, [OLDER.format(9)], False),
    ],
)  # fmt: skip
def test_how_a_checkpoint_stands_to_what_was_seen(
    writer: Writer, size: int, seen: int | None, lines: list[str], *, whole: bool, passed: bool,
    older: bool, asks: bool, follows: bool,
) -> None:  # fmt: skip
    """What needs no proof, what is proved, and what is said not to have been."""
    asked = Asked(writer)
    log = trusted_log(writer.vkeys, seen=saw(writer, seen) if seen is not None else None)
    memory = Memory(consistency=asked if asks else None, older=older)
    now = replace(saw(writer, size), note=b"note")
    standing = memory.compare(now, log, whole=whole, passed=passed)
    assert standing == Standing((NO_WITNESS, *lines), follows, b"note")
    assert asked.sizes == ([tuple(sorted((size, seen or 0)))] if asks else [])


@pytest.mark.parametrize(("older", "whole", "brought"), [(False, True, False), (True, True, True),
                         (False, True, True), (False, False, True)])  # fmt: skip
def test_what_holds_less_than_it_must_is_told_where_it_ends(
    writer: Writer, *, older: bool, whole: bool, brought: bool
) -> None:
    """Said to be an older copy, it may hold less than was seen, and not than was brought."""
    most = saw(writer, 9)
    log = trusted_log(writer.vkeys, seen=None if brought else most)
    memory = Memory((most,) if brought else (), Asked(writer), older)
    with pytest.raises(UnsoundError) as caught:
        memory.compare(saw(writer, 7), log, whole=whole, passed=whole)
    way = "" if brought else "; --older takes a copy that was made earlier"
    assert str(caught.value) == f"position 8: missing: 9 entries were seen here before{way}"


def test_what_was_brought_binds_beside_what_was_seen(writer: Writer, other: Writer) -> None:
    """Each of them; what was brought is of the same log, and is shown or nothing is."""
    seen = saw(writer, 5)
    log = trusted_log(writer.vkeys, seen=seen)
    now = saw(writer, 9)

    def compare(*known: Checkpoint, asked: Asked | None = None, passed: bool = True) -> Standing:
        return Memory(known, asked).compare(now, log, whole=True, passed=passed)

    assert compare(saw(writer, 3), saw(writer, 9)).follows
    asked = Asked(writer)
    assert compare(saw(writer, 3), asked=asked, passed=False).follows
    assert asked.sizes == [(3, 9), (5, 9)]
    with pytest.raises(UncheckedError, match="whether the 9 entries begin with the 5 ones"):
        compare(seen, passed=False)
    with pytest.raises(UncheckedError, match="whether the 9 entries begin with the 3 ones"):
        compare(saw(writer, 9), saw(writer, 3), passed=False)
    with pytest.raises(UncheckedError, match="the known checkpoint is of elsewhere"):
        compare(saw(writer, 3), replace(now, origin="elsewhere.example/log"))
    with pytest.raises(ForkError, match="two different roots are signed for size 9: a fork") as two:
        compare(saw(writer, 3), saw(other, 9))
    assert (two.value.one, two.value.other) == (saw(other, 9), now)
    with pytest.raises(ForkError, match="the 9 entries do not begin with the 3 ones") as two:
        compare(saw(other, 3), asked=Asked(writer), passed=False)
    assert (two.value.one, two.value.other) == (saw(other, 3), now)
    later = trusted_log(writer.vkeys, seen=saw(other, 11))
    with pytest.raises(ForkError, match="the 11 entries do not begin with the 9 ones") as two:
        Memory((), Asked(writer)).compare(now, later, whole=False, passed=False)
    assert (two.value.one, two.value.other) == (now, saw(other, 11))
    assert two.value.position is None


def test_a_fork_in_a_folder_keeps_its_two_checkpoints(
    writer: Writer, other: Writer, tmp_path: Path
) -> None:
    """They are the evidence; and the file is named."""
    file = _checkpoint(writer, tmp_path / "one", SIZE)
    with pytest.raises(ForkError, match=r"^one: two different roots") as caught:
        judge(tmp_path, saw(other, SIZE), None)
    assert caught.value.other.note == file.read_bytes()


def test_a_fork_is_what_the_log_signed(
    command: Command, ledger: Listening, writer: Writer, other: Writer, tmp_path: Path
) -> None:
    """Another history that grew is one, and kept; an unsigned checkpoint accuses nobody."""
    ledger.written, copy = writer, tmp_path / "copy"
    command("trust", "add", ledger.url, "--fingerprint", writer.fingerprint)
    command("verify", ledger.url, "--save", copy)
    forks = command.home / ".config" / "pipeledger" / "forks"
    text = other.checkpoint().split(b"\n\n")[0] + b"\n"
    unsigned = text + "\n\u2014 somebody AAAAAAA=\n".encode()
    ledger.behave = lambda asked: Reply(200, unsigned) if "checkpoint" in asked.path else None
    ledger.written = other
    for words in ((), ("--save", copy)):
        refused = command("verify", ledger.url, *words, status=1).stderr
        assert "not signed by a trusted key" in refused
    assert not forks.exists()
    command("verify", copy)
    assert sorted(one.name for one in copy.iterdir()) == ["checkpoint", "entries.ndjson"]
    ledger.behave = lambda _: None
    other.append()
    refused = command("verify", ledger.url, status=1).stderr
    assert "not those seen before: a fork; both checkpoints are in" in refused
    (kept,) = forks.iterdir()
    roots = [one["root"] for one in json.loads(kept.read_bytes())["checkpoints"]]
    assert roots == [root(writer.leaves).hex(), root(other.leaves).hex()]
    kept.unlink()
    forks.rmdir()
    forks.write_text("no folder")
    # Where they cannot be kept it is a fork all the same.
    assert "a fork; the two checkpoints could not be kept" in command(
        "verify", ledger.url, status=1
    ).stderr  # fmt: skip


def test_what_cannot_be_remembered_is_sound_all_the_same(
    command: Command, ledger: Listening, writer: Writer, tmp_path: Path
) -> None:
    """The verdict says that nothing binds what comes later."""
    ledger.written = writer
    command("trust", "add", ledger.url, "--fingerprint", writer.fingerprint)
    lock = command.home / ".config" / "pipeledger" / "trust.lock"
    lock.unlink()
    lock.mkdir()
    for evidence in (ledger.url, writer.export(tmp_path / "export")):
        assert "  not remembered: " in command("verify", evidence).stdout


def test_keys_that_are_trusted_again_are_bound_by_what_was_learnt(
    command: Command, ledger: Listening, writer: Writer
) -> None:
    """At another address, too: a log is known by its name."""
    ledger.written = writer
    command("trust", "add", ledger.url, "--fingerprint", writer.fingerprint)
    command("verify", ledger.url)
    file = command.home / ".config" / "pipeledger" / "trust.json"
    store = json.loads(file.read_bytes())
    key = writer.intake[0]
    ranges = {f"{key.name}+{key.hash.hex()}": [1, 99]}
    store["ledgers"][0]["ranges"] = ranges
    file.write_text(json.dumps(store))
    other = ledger.url.replace("127.0.0.1", "localhost")
    command("trust", "add", other, "--fingerprint", writer.fingerprint)
    (known,) = json.loads(file.read_bytes())["ledgers"]
    assert (known["url"], known["seen"]["size"], known["ranges"]) == (other, SIZE, ranges)


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
