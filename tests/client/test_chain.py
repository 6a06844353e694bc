"""A run of entries: its verdict, and the first bad position, however the entries come in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from pipeledger.verifier.chain import Chain, check_signatures, keys_by_id
from pipeledger.verifier.entry import genesis_link, parse_entry
from pipeledger.verifier.seen import ForkError
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import Checkpoint, UnsoundError
from tests.client.writer import ORIGIN, Key, Writer, ledger_of, root

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE: Final = 9
WRITER: Final = ledger_of(SIZE)
LOG: Final = trusted_log(WRITER.vkeys)
RAW: Final = tuple(one.raw for one in WRITER.entries)
LEAVES: Final = WRITER.leaves
WHOLE: Final = Checkpoint(ORIGIN, SIZE, root(LEAVES))
BATCHES: Final = (1, 2, 3, 100)

Change = tuple[int, bytes, bytes]
"""Position, and what stands there instead of what."""


def changed(*changes: Change) -> list[bytes]:
    """The entries, some of them altered."""
    entries = [*RAW]
    for position, old, new in changes:
        assert old in entries[position - 1]
        entries[position - 1] = entries[position - 1].replace(old, new, 1)
    return entries


def later(position: int) -> Change:
    """A time that fits between its neighbours, in the part of an entry that nobody signs."""
    return position, b".%06dZ" % position, b".900000Z"


def relinked(position: int) -> Change:
    """A link to an entry that is not there."""
    return position, LEAVES[position - 2].hex().encode(), b"0f" * 32


def grown(chain: Chain, entries: list[bytes], batch: int) -> Chain:
    """A chain that took entries in, so many at a time."""
    for start in range(0, len(entries), batch):
        some = entries[start : start + batch]
        chain.extend(some)
        assert chain.count == start + len(some)
    return chain


NOT_LINKED: Final = "its link is not the leaf hash of the entry before"
BACK: Final = "its time lies before that of the entry before"
SAME: Final = ""
FAULTS: Final[list[tuple[list[Change], str, str]]] = [
    ([later(5)], "position 5: not the entry that position 6 links to", SAME),
    ([later(8)], "position 8: not the entry that position 9 links to", f"position 9: {NOT_LINKED}"),
    ([later(3), later(7)], "position 3: not the entry that position 4 links to", SAME),
    ([later(5), later(9)], "position 5: not the entry that position 6 links to", SAME),
    ([later(1)], "position 1: not the entry that position 2 links to", SAME),
    ([relinked(5)], f"position 5: {NOT_LINKED}", SAME),
    ([relinked(9)], f"position 9: {NOT_LINKED}", SAME),
    ([relinked(5), (6, b"2026", b"2025")], f"position 5: {NOT_LINKED}", SAME),
    ([(5, LEAVES[3].hex().encode(), LEAVES[3].hex().upper().encode())],
     "position 5: entry: seq.prev", SAME),
    ([(5, LEAVES[3].hex().encode()[:64], b" " * 64)], "position 5: entry: seq.prev", SAME),
    ([relinked(5), (5, b"2026", b"2025")], f"position 5: {BACK}", SAME),
    ([(3, b"2026", b"2025")], f"position 3: {BACK}", SAME),
    ([(5, b"T00:", b"T09:")], "position 5: not the entry that position 6", f"position 6: {BACK}"),
    ([(5, RAW[4], b"")], "position 5: entry: not two lines", SAME),
    ([(5, RAW[4], RAW[4][:40])], "position 5: entry: not two lines", SAME),
    ([(5, RAW[4], RAW[5])], "position 5: here stands an entry that says position 6", SAME),
]  # fmt: skip


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize(("changes", "finished", "settled"), FAULTS)
def test_the_first_bad_position_is_the_same_however_many_entries_come_at_once(
    changes: list[Change], finished: str, settled: str, batch: int
) -> None:
    """Held against the root; and where there is none, as far as the links tell."""
    ends: list[tuple[Callable[[Chain], None], str]] = [
        (lambda chain: chain.finish(WHOLE), finished), (Chain.settle, settled or finished),
    ]  # fmt: skip
    for end, said in ends:
        with pytest.raises(UnsoundError) as caught:
            end(grown(Chain(LOG), changed(*changes), batch))
        assert str(caught.value).startswith(said)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((5, b'"v":1', b'"v":2'), "position 5: not the beginning of an entry of this position"),
        ((5, b'"pos":5', b'"pos":6'), "position 5: not the beginning of an entry of this"),
        ((5, RAW[4], b""), "position 5: not the beginning of an entry of this position"),
        ((5, b"0.1", b"0.3"), "position 5: not the entry that position 6 links to"),
        (relinked(5), f"position 5: {NOT_LINKED}"),
    ],
)
def test_links_tell_the_same_without_signatures(change: Change, said: str, batch: int) -> None:
    """And the places of entries."""
    with pytest.raises(UnsoundError) as caught:
        grown(Chain(LOG, signatures=False), changed(change), batch).finish(WHOLE)
    assert str(caught.value).startswith(said)
    assert grown(Chain(LOG, signatures=False), [*RAW], batch).numbers == {}


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("first", [1, 4])
def test_without_signatures_sound_entries_are_not_looked_at_one_by_one(
    monkeypatch: pytest.MonkeyPatch, first: int, batch: int
) -> None:
    """Nor the first ones of a run that begins later."""
    monkeypatch.setattr(Chain, "_first_unlinked", None)
    chain = grown(Chain(LOG, first=first, signatures=False), [*RAW[first - 1 :]], batch)
    assert chain.last_leaf == LEAVES[-1]


@pytest.mark.parametrize("batch", BATCHES)
def test_a_sound_run_gives_its_root_its_numbers_and_its_last_leaf(batch: int) -> None:
    """However it came in."""
    chain = grown(Chain(LOG), [*RAW], batch)
    chain.settle()
    chain.finish(WHOLE)
    assert (chain.next_position, chain.last_leaf) == (SIZE + 1, LEAVES[-1])
    assert chain.numbers == WRITER.numbers
    assert chain.leaves == LEAVES[(SIZE - 1) // batch * batch :]
    assert chain.opened(WRITER.checkpoint()) == WHOLE


def test_entries_that_are_a_tree_in_the_log_s_are_hashed_once() -> None:
    """All levels of that tree are given; of no other, nor where a size is known inside of it."""

    def levels_of(size: int, count: int, first: int = 1, known: int = 0) -> list[list[bytes]]:
        state = Checkpoint(ORIGIN, known, root(LEAVES[:known]))
        chain = Chain(LOG, first=first, known=[state])
        chain.extend(RAW[first - 1 :][:size])
        chain.extend(RAW[first - 1 :][size : size + count])
        return chain.rows

    four = [LEAVES[4:8], [root(LEAVES[4:6]), root(LEAVES[6:8])], [root(LEAVES[4:8])]]
    assert levels_of(4, 4) == levels_of(4, 4, known=4) == levels_of(4, 4, known=8) == four
    assert levels_of(0, 1) == [[LEAVES[0]]]
    for known in (5, 6, 7):
        assert levels_of(4, 4, known=known) == []
    assert levels_of(2, 4) == levels_of(4, 3) == levels_of(0, 5) == levels_of(0, 4, first=5) == []


def test_a_run_is_as_long_as_its_checkpoint_says_and_gives_its_root() -> None:
    """What is missing, what is too much, and another root are told at their places."""
    for size, said in ((10, "position 10: missing: the checkpoint speaks of 10"),
                       (8, "position 9: not covered by the checkpoint"),
                       (9, "position 9: the entries do not give the signed root")):  # fmt: skip
        with pytest.raises(UnsoundError) as caught:
            grown(Chain(LOG), [*RAW], 4).finish(Checkpoint(ORIGIN, size, bytes(32)))
        assert str(caught.value).startswith(said)


def test_no_entries_have_the_root_of_none() -> None:
    """What comes next is the first one."""
    chain = Chain(LOG)
    assert chain.extend([]) == []
    assert (chain.next_position, chain.last_leaf) == (1, genesis_link(ORIGIN))
    chain.finish(Checkpoint(ORIGIN, 0, root([])))
    with pytest.raises(UnsoundError, match=r"^the entries do not give") as caught:
        chain.finish(Checkpoint(ORIGIN, 0, bytes(32)))
    assert caught.value.position is None


@pytest.mark.parametrize("batch", BATCHES)
def test_a_run_passes_through_every_state_that_is_known(batch: int) -> None:
    """Each size on the way, in whatever order they were brought; no entries are no state."""
    known = [Checkpoint(ORIGIN, size, root(LEAVES[:size])) for size in (7, 1, 4, 3, 9, 2)]
    strange = [Checkpoint("elsewhere.example/log", 5, bytes(32)), Checkpoint(ORIGIN, 0, bytes(32))]
    seen = Checkpoint(ORIGIN, 5, root(LEAVES[:5]))
    log = trusted_log(WRITER.vkeys, seen=seen)
    grown(Chain(log, known=[*known, *strange]), [*RAW], batch).finish(WHOLE)
    missing_root = Checkpoint(ORIGIN, SIZE, bytes(32))
    signed = replace(WHOLE, note=WRITER.checkpoint())
    for size in range(1, SIZE + 1):
        missed = Checkpoint(ORIGIN, size, bytes(32))
        with pytest.raises(ForkError, match=f"^the first {size} entries are not those") as caught:
            # The first that differs is told, whatever differs after it.
            grown(Chain(log, known=[*known, missing_root, missed]), [*RAW], batch).finish(signed)
        assert (caught.value.one, caught.value.other) == (missed, WHOLE)
        assert caught.value.other.note == signed.note
        # Another root than the signed one: whoever altered the entries is not the log.
        with pytest.raises(UnsoundError, match="do not give the signed root"):
            grown(Chain(log, known=[missed]), [*RAW], batch).finish(missing_root)


@pytest.mark.parametrize("batch", BATCHES)
def test_a_run_that_begins_later_is_linked_in_itself(batch: int) -> None:
    """Its first link is nobody's yet; it gives no root, and passes through no state."""
    known = [Checkpoint(ORIGIN, size, bytes(32)) for size in range(1, SIZE + 1)]
    chain = grown(Chain(LOG, first=4, known=known), [*RAW[3:]], batch)
    chain.settle()
    chain.check_known(WRITER.checkpoint())
    assert (chain.next_position, chain.last_leaf) == (SIZE + 1, LEAVES[-1])
    assert chain.numbers | {"ledger": 1} == WRITER.numbers
    for position in range(4, SIZE):
        entries = changed(later(position))[3:]
        with pytest.raises(UnsoundError) as caught:
            grown(Chain(LOG, first=4), entries, batch).settle()
        # The next link confirms the one after; the last one has none after it.
        assert caught.value.position == (position if position < SIZE - 1 else SIZE)
    for signatures, said in ((True, "here stands an entry that says position 4"),
                             (False, "not the beginning of an entry")):  # fmt: skip
        with pytest.raises(UnsoundError, match=f"position 5: {said}"):
            grown(Chain(LOG, first=5, signatures=signatures), [*RAW[3:]], batch)


def test_a_first_entry_that_is_wrong_by_itself_is_told_by_that() -> None:
    """And not by its link, which does not fit either."""
    with pytest.raises(UnsoundError, match="position 1: entry: not two lines"):
        Chain(LOG).extend([b"", *RAW[1:]])
    with pytest.raises(UnsoundError, match="position 1: its link is not that of a first entry"):
        Chain(LOG).extend(changed((1, genesis_link(ORIGIN).hex().encode(), b"0f" * 32)))
    with pytest.raises(UnsoundError, match="position 1: here stands an entry that says position 2"):
        Chain(LOG).extend([*RAW[1:]])


@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("position", range(1, SIZE + 1))
def test_a_signature_that_does_not_verify_is_found_in_whatever_slice_it_stands(
    monkeypatch: pytest.MonkeyPatch, position: int, threads: int
) -> None:
    """Slices go to threads, and come back in their order; what is linked wrongly comes later."""
    monkeypatch.setattr("pipeledger.verifier.chain._SLICE", 2)
    writer = ledger_of(position - 1)
    honest = writer.intake
    writer.intake = [Key(honest[0].name, b"\x09" * 32)]
    writer.intake[0].hash = honest[0].hash
    writer.append()
    writer.intake = honest
    for _ in range(position, SIZE):
        writer.append(seq={"at": "2025-01-01T00:00:00.000000Z"} if position > 1 else None)
    with ThreadPoolExecutor(2) as pool:
        chain = Chain(LOG, workers=pool if threads else None)
        with pytest.raises(UnsoundError, match="the signature of its context does") as caught:
            chain.extend([one.raw for one in writer.entries])
        assert caught.value.position == position
        sound = Chain(LOG, workers=pool if threads else None)
        assert [one.position for one in sound.extend(RAW)] == [*range(1, SIZE + 1)]


def test_an_entry_may_be_of_the_same_instant_as_the_one_before() -> None:
    """Not of an earlier one, be it by the least."""
    for last, sound in ((3, True), (2, False)):
        writer = ledger_of(3)
        writer.append(seq={"at": f"2026-01-01T00:00:03.{last:06}Z"})
        entries = [one.raw for one in writer.entries]
        if sound:
            assert len(Chain(LOG).extend(entries)) == 4
        else:
            with pytest.raises(UnsoundError, match=f"position 4: {BACK}"):
                Chain(LOG).extend(entries)


@pytest.mark.parametrize(
    ("first", "numbers", "said"),
    [
        (1, [3], "number 3 in the stream a after 1"), (1, [1], "number 1 in the stream a after 1"),
        (1, [2, 2], "number 2 in the stream b after 0"), (2, [5], ""), (1, [2, 1], ""),
    ],
)  # fmt: skip
def test_numbers_in_a_stream_run_on(first: int, numbers: list[int], said: str) -> None:
    """From one; where a run begins later, from the first that it shows."""
    writer = Writer()
    writer.append(streams=("a",))
    writer.entries[0] = Writer().append(ctx={"streams": ["a"]})
    writer.append(streams=("a", "b")[: len(numbers)], seq={"sn": numbers})
    entries = [one.raw for one in writer.entries[first - 1 :]]
    if said:
        with pytest.raises(UnsoundError, match=f"position 2: {said}"):
            Chain(LOG, first=first).extend(entries)
    else:
        assert len(Chain(LOG, first=first).extend(entries)) == len(entries)


def test_a_context_is_signed_by_a_trusted_key_and_by_none_wrongly() -> None:
    """Keys that nobody trusts are passed over; the first that it names is told."""
    intake = WRITER.intake[0]
    stranger = Key(intake.name, b"\x09" * 32)
    false = Key(intake.name, b"\x09" * 32)
    false.hash = intake.hash
    keys = keys_by_id(LOG)
    assert [*keys] == [f"{intake.name}+{intake.hash.hex()}"]

    def signed(*signers: Key) -> None:
        writer = Writer()
        writer.intake = [*signers]
        check_signatures(parse_entry(writer.append().raw), keys)

    signed(intake)
    signed(stranger, intake)
    with pytest.raises(UnsoundError, match="the signature of its context does not verify"):
        signed(false)
    named = f"{stranger.name}\\+{stranger.hash.hex()}"
    with pytest.raises(UnsoundError, match=f"not signed by a trusted intake key; it names {named}"):
        signed(stranger, Key("other", b"\x08" * 32))
