"""Keys are replaced while the ledger goes on, and whoever pinned an old one follows."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.errors import ConflictError
from domain.log.key import SigningKey
from domain.log.note import parse_note, sign_note
from domain.log.succession import ROTATED, begin_tags
from pipeledger.verifier.wire import UnsoundError
from store.ledger.opening import equip, examine
from tests.store.ledger.conftest import ORIGIN, Home, draft
from tests.store.ledger.rotations import append, entries, step, verified

if TYPE_CHECKING:
    from store.ledger.ledger import Ledger


def problems(home: Home) -> list[str]:
    """What fsck finds."""
    return [str(one) for one in examine("test", ORIGIN, home.place, home.around)]


def signers(raw: bytes) -> list[str]:
    """The key ids that an entry names."""
    return re.findall(r'\{"k":"([^"]+)"', raw.split(b"\n", 1)[0].decode())


def test_both_keys_are_replaced_and_old_pins_follow(home: Home, ledger: Ledger) -> None:
    """Two signatures in the overlap, one after it; sound by the first pins and by the last."""
    first = ledger.vkeys
    append(ledger, [1, 2])
    step(ledger, "log", end=False)
    note = append(ledger, [3])
    assert len(parse_note(note)[1]) == 2
    step(ledger, "intake", end=False)
    append(ledger, [4])
    assert len(signers(entries(ledger)[-1])) == 2
    step(ledger, "log", end=True)
    step(ledger, "intake", end=True)
    note = append(ledger, [5, 6])
    assert len(parse_note(note)[1]) == 1
    assert len(signers(entries(ledger)[-1])) == 1
    assert problems(home) == []
    raws = entries(ledger)
    for pins in (first, ledger.vkeys):
        for signatures in (True, False):
            chain = verified(raws, note, pins, signatures=signatures)
            ranges = [(key.first, key.last) for key in chain.succession.keys]
            assert sorted(ranges, key=str) == [(1, 7), (1, 8), (4, None), (6, None)]
    home.close()
    again = home.open()
    append(again, [7])
    assert problems(home) == []
    assert sorted(path.name for path in home.place.keys.iterdir()) == [
        "intake.key", "log.key", "public.vkeys",
    ]  # fmt: skip


def test_another_process_takes_up_new_keys_by_itself(home: Home, ledger: Ledger) -> None:
    """A server goes on over a rotation that a command made beside it, and signs with its keys."""
    beside = home.open()
    first = ledger.vkeys
    append(ledger, [1])
    for purpose in ("intake", "log"):
        step(beside, purpose, end=False)
        append(ledger, [2 if purpose == "log" else 3])
        step(beside, purpose, end=True)
        note = append(ledger, range(10, 20) if purpose == "log" else range(20, 80))
    assert problems(home) == []
    verified(entries(ledger), note, first)
    assert len(signers(entries(ledger)[-1])) == 1


def test_a_step_out_of_order_is_refused(ledger: Ledger) -> None:
    """What is not being replaced has no end; what is cannot begin again."""
    with pytest.raises(ConflictError, match="not being replaced"):
        step(ledger, "log", end=True)
    step(ledger, "log", end=False)
    with pytest.raises(ConflictError, match="end that first"):
        step(ledger, "log", end=False)


def test_a_checkpoint_by_an_ended_key_is_refused_with_its_range(ledger: Ledger) -> None:
    """The old log key signs no size after its end, for the ledger and for the client."""
    append(ledger, [1])
    old = ledger.rotating().begin("log").signers[-2]
    pins = ledger.vkeys
    step(ledger, "log", end=False)
    end = step(ledger, "log", end=True)
    note = append(ledger, [2])
    text = note[: note.index(b"\n\n") + 1]
    forged = sign_note(text.decode(), [old])
    with pytest.raises(UnsoundError, match=f"outside its range, 1 to {end - 1}"):
        verified(entries(ledger), forged, pins)


def test_a_new_key_that_the_old_one_did_not_name_is_refused(home: Home, ledger: Ledger) -> None:
    """Without the old key's signature a rotation is damage, for fsck and for the client."""
    pins = ledger.vkeys
    thief = SigningKey.from_seed(ORIGIN, bytes(range(32)))
    equipment = equip("test", ORIGIN, home.place, home.around)
    made = replace(
        draft(0, kind=ROTATED, tags=begin_tags(thief.verifier)),
        delivery=None, signers=(*equipment.ring.signers, thief),
    )  # fmt: skip
    note = ledger.submit([made]).result().checkpoint
    assert any("position 2: key rotation: not signed by" in one for one in problems(home))
    with pytest.raises(UnsoundError, match="not signed by a trusted key") as caught:
        verified(entries(ledger), note, pins)
    assert caught.value.position == 2
