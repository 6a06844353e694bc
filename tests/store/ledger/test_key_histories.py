"""Random histories of appends, rotations, reports and restarts end in a sound ledger."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.errors import ConflictError
from pipeledger.verifier.trust import TrustedLog, trusted_log
from store.ledger.compromised import REVOKED, report_tags
from store.ledger.opening import examine
from tests.store.ledger.conftest import ORIGIN, Home, draft
from tests.store.ledger.rotations import append, entries, step, verified

if TYPE_CHECKING:
    from store.ledger.ledger import Ledger


def report(ledger: Ledger, key: str, since: int) -> None:
    """Report a key as compromised."""
    made = draft(0, kind=REVOKED, tags=report_tags(key, since), streams=("ledger",))
    ledger.submit([replace(made, delivery=None)]).result()


def live(home: Home, seed: int, steps: int) -> None:
    """A history; whoever pinned or verified at any moment of it can still verify at its end."""
    draw = random.Random(seed)  # noqa: S311 - a history, no secret
    ledgers = [home.open(), home.open()]
    number = 0
    pins: list[TrustedLog] = [trusted_log(ledgers[0].vkeys)]
    note = append(ledgers[0], [number])
    for _ in range(steps):
        ledger = draw.choice(ledgers)
        match draw.randrange(6):
            case 0 | 1:
                first, number = number + 1, number + draw.choice((1, 2, 7, 60))
                note = append(ledger, range(first, number + 1))
            case 2 | 3:
                purpose, end = draw.choice(("log", "intake")), draw.random() < 0.5
                try:
                    step(ledger, purpose, end=end)
                except ConflictError:
                    step(ledger, purpose, end=not end)
            case 4:
                term = draw.choice(ledger.succession.terms)
                report(ledger, term.key.id, term.first)
            case _:
                home.close()
                ledgers = [home.open(), home.open()]
        number += 1
        last = draw.choice(ledgers)
        note = append(last, [number])
        if draw.random() < 0.3:
            log = pins[0]
            chain = verified(entries(last), note, log)
            pins += [
                replace(log, keys=tuple(chain.succession.keys)),
                trusted_log(last.vkeys),
            ]
    damage = [str(one) for one in examine("test", ORIGIN, home.place, home.around) if one.damage]
    assert damage == [], seed
    newest = max(home.opened, key=lambda one: one.published.size)
    raws, note = entries(newest), newest.published.checkpoint
    for log in pins:
        chain = verified(raws, note, log)
        known = {key.key_id: (key.first, key.last) for key in chain.succession.keys}
        for term in home.opened[0].rotating().succession.terms:
            assert known[term.key.id] == (term.first, term.last), seed


@pytest.mark.parametrize("seed", range(2))
def test_a_history_ends_sound(home: Home, seed: int) -> None:
    """For fsck, and for the client by keys pinned at any moment."""
    live(home, seed, 8)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 104))
def test_a_long_history_ends_sound(home: Home, seed: int) -> None:
    """The same, with many rotations of both keys."""
    live(home, seed, 30)
