"""Entries as they are exported, line by line: what stands beside them, and what proves them."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from pipeledger.verifier.lines import Absent, Run, Settings, check_lines
from pipeledger.verifier.proof import Proof, parse_proof
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import Checkpoint, UncheckedError, UnsoundError
from tests.client.writer import ORIGIN, Key, Writer, b64, compact, ledger_of, root

SIZE: Final = 9
WRITER: Final = ledger_of(SIZE)
LOG: Final = trusted_log(WRITER.vkeys)
NOTE: Final = WRITER.checkpoint()
STREAM: Final = "deployment/0.1"
Lines = list[dict[str, Any]]


def run(
    lines: Lines, settings: Settings | None = None, *, note: bytes | None = NOTE,
    proof: Proof | None = None,
) -> Run:  # fmt: skip
    """The run of these lines."""
    texts = [compact(line).encode() for line in lines]
    return check_lines(texts, LOG, settings or Settings(), note=note, proof=proof)


def proved(first: int, last: int, size: int = SIZE, settings: Settings | None = None) -> Run:
    """Some of the entries, by the proof of the last one."""
    proof = parse_proof(WRITER.proof(last, size))
    return run(WRITER.lines(first, last), settings, note=None, proof=proof)


def changed(at: int, **changes: Any) -> Lines:  # noqa: ANN401 - JSON
    """All lines, one of them altered."""
    lines = copy.deepcopy(WRITER.lines())
    lines[at - 1] |= changes
    return lines


def test_a_whole_run_says_what_it_is() -> None:
    """From where to where, under which checkpoint, by which keys."""
    told = run(WRITER.lines())
    assert (told.first, told.last, told.signatures) == (1, SIZE, True)
    assert told.checkpoint == Checkpoint(ORIGIN, SIZE, root(WRITER.leaves))
    assert told.keys == LOG.keys
    assert (told.notes, told.told, told.absent) == ((), (), Absent())


@pytest.mark.parametrize("first", range(1, SIZE + 1))
@pytest.mark.parametrize("last", range(1, SIZE + 1))
def test_any_run_is_proved_by_the_proof_of_its_last_entry(first: int, last: int) -> None:
    """Under a checkpoint of that size or a larger one; of keys only a run from 1 on tells."""
    for size in {last, SIZE} if first <= last else ():
        told = proved(first, last, size)
        assert (told.first, told.last, told.checkpoint.size) == (first, last, size)
        assert told.keys == (LOG.keys if first == 1 else ())


@pytest.mark.parametrize("position", [2, 4])
def test_the_proof_of_another_entry_proves_no_run(position: int) -> None:
    """Neither of one before nor of one after, nor with another path, nor of the same one again."""
    said = "position 3: the proof does not lead from this entry to the root"
    with pytest.raises(UnsoundError, match=said):
        run(WRITER.lines(2, 3), note=None, proof=parse_proof(WRITER.proof(position)))
    proof = parse_proof(WRITER.proof(3))
    other = Proof(proof.index, (*proof.path[:-1], bytes(32)), proof.note)
    with pytest.raises(UnsoundError, match=said):
        run(WRITER.lines(2, 3), note=None, proof=other)
    twice = Writer()
    twice.entries = [*WRITER.entries[:3], WRITER.entries[2]]
    with pytest.raises(UnsoundError, match=said):
        run(WRITER.lines(2, 3), note=None, proof=parse_proof(twice.proof(4)))


def test_a_link_that_does_not_fit_comes_before_the_proof() -> None:
    """Whatever else is wrong at the end; and before what cannot be checked."""
    lines = WRITER.lines(2)
    del lines[4]["leaf"]
    raw = WRITER.entries[5].raw
    lines[4]["entry"] = b64(raw.replace(b".000006Z", b".000007Z"))
    for note, proof in ((None, parse_proof(WRITER.proof(3))), (NOTE, None)):
        with pytest.raises(UnsoundError, match="position 6: not the entry that position 7"):
            run(lines, note=note, proof=proof)
    lines.append({"position": 7, "entry": "?"})
    with pytest.raises(UnsoundError, match="position 6: not the entry that position 7"):
        run(lines)


def test_what_nothing_proves_is_not_judged() -> None:
    """No entry, no checkpoint, or a beginning that is not at hand."""
    with pytest.raises(UncheckedError, match="there is no entry in it"):
        run([])
    with pytest.raises(UncheckedError, match="no checkpoint is with the entries"):
        run(WRITER.lines(), note=None)
    with pytest.raises(UncheckedError, match="begin at position 2: that needs the proof of the"):
        run(WRITER.lines(2))
    with pytest.raises(UnsoundError, match="checkpoint: of elsewhere"):
        run([], note=Writer("elsewhere.example/log").checkpoint())


@pytest.mark.parametrize("position", [None, True, 0, -1, 1.0, "1"])
def test_the_first_line_says_where_it_stands(position: object) -> None:
    """A number from 1 on."""
    with pytest.raises(UnsoundError, match="entries: a line without its position"):
        run(changed(1, position=position))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"position": 6}, "here stands a line of position 6"),
        ({"position": None}, "here stands a line of position None"),
        ({"entry": None}, "entry: not canonical base64"),
        ({"leaf": "00" * 32}, "the entry is not the one of the leaf hash beside it"),
        ({"leaf": None}, "the entry is not the one of the leaf hash beside it"),
        ({"parts": None}, "parts: not a list"), ({"parts": {}}, "parts: not a list"),
        ({"parts": [7]}, "parts: not an object with a name"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("position", [2, 5, SIZE])
def test_what_stands_beside_an_entry_misstates_nothing(
    changes: dict[str, Any], said: str, position: int
) -> None:
    """At its position, unless one before is bad."""
    with pytest.raises(UnsoundError, match=f"position {position}: {said}"):
        run(changed(position, **changes))
    lines = changed(position, **changes)
    lines[0]["parts"] = [7]
    with pytest.raises(UnsoundError, match="position 1: "):
        run(lines)


def test_an_entry_may_stand_alone_beside_its_position() -> None:
    """Its leaf is made again, and its parts are absent: the first five of those are named."""
    lines = [{name: line[name] for name in ("position", "entry")} for line in WRITER.lines()]
    told = run(lines).absent
    assert told.count == 13
    assert told.named == [(1, "event"), (2, "event"), (2, "text"), (3, "event"), (4, "event")]


def flushed(settings: Settings) -> list[int]:
    """How many entries were done, each time that it was told."""
    done: list[int] = []
    settings.progress = done.append
    run(WRITER.lines(), settings)
    return done


def test_entries_are_checked_when_there_are_enough_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """By number or by bytes, whichever comes first; whoever waits is told each time."""
    assert flushed(Settings()) == [SIZE]
    monkeypatch.setattr("pipeledger.verifier.lines.BATCH", 4)
    assert flushed(Settings()) == [4, 8, SIZE]
    assert flushed(Settings(signatures=False)) == [4, 8, SIZE]
    lengths = [len(one.raw) for one in WRITER.entries]
    sums = {sum(lengths[:2]), sum(lengths[2:4]), sum(lengths[3:5]), sum(lengths[:3]), lengths[0]}
    for limit in sorted({one + more for one in sums for more in (0, 1)}):
        monkeypatch.setattr("pipeledger.verifier.lines.BATCH_BYTES", limit)
        wanted, begun = [], 0
        for count in range(1, SIZE + 1):
            if sum(lengths[begun:count]) >= limit or count - begun == 4:
                wanted.append(count)
                begun = count
        assert flushed(Settings()) == [*wanted, SIZE]


def test_events_of_a_stream_are_counted_over_a_whole_log_alone() -> None:
    """Also of a stream that has none; in part of a log, or without numbers, they are not."""
    settings = Settings(streams=(STREAM, "other"))
    counted = (
        f"{STREAM}: 3 events, which are all among 9 entries",
        "other: 0 events, which are all among 9 entries",
    )
    assert run(WRITER.lines(), settings).notes == counted
    assert proved(1, SIZE, settings=settings).notes == counted
    for first, last in ((1, SIZE - 1), (2, SIZE)):
        assert proved(first, last).notes == ()
        with pytest.raises(UncheckedError, match="--stream needs all entries of the log"):
            proved(first, last, settings=settings)
    with pytest.raises(UncheckedError, match="--stream counts what --without-signatures leaves"):
        run(WRITER.lines(), Settings(signatures=False, streams=(STREAM,)))


def test_how_much_is_checked_is_as_it_was_asked_for() -> None:
    """Signatures or none, by threads, and what must be contained."""
    writer = Writer(ORIGIN)
    writer.intake = [Key(writer.intake[0].name, b"\x09" * 32)]
    writer.append()
    lines = writer.lines()
    with pytest.raises(UnsoundError, match="position 1: not signed by a trusted intake key"):
        run(lines, note=writer.checkpoint())
    told = run(lines, Settings(signatures=False), note=writer.checkpoint())
    assert not told.signatures
    fork = Checkpoint(ORIGIN, 4, bytes(32))
    with pytest.raises(UnsoundError, match="the first 4 entries are not those seen before"):
        run(WRITER.lines(), Settings(known=(fork,)))
    with pytest.raises(UnsoundError, match="the first 4 entries are not those seen before"):
        proved(1, SIZE, settings=Settings(known=(fork,)))
    with ThreadPoolExecutor(1) as workers:
        workers.shutdown()
        with pytest.raises(RuntimeError, match="after shutdown"):
            run(WRITER.lines(), Settings(workers=workers))


def test_a_checkpoint_of_a_key_that_the_entries_do_not_lead_to_is_refused() -> None:
    """It is read for the sake of what they may say; in the end it needs a key."""
    stranger = Writer()
    stranger.entries = WRITER.entries
    stranger.log = Key(ORIGIN, b"\x05" * 32)
    with pytest.raises(UnsoundError, match="not signed by a trusted key of the log"):
        run(WRITER.lines(), note=stranger.checkpoint())
