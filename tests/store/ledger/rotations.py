"""Steps by which a ledger's keys are replaced, and the client's verifier over its entries."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from domain.log.succession import ROTATED
from pipeledger.verifier.chain import Chain
from pipeledger.verifier.note import open_later
from pipeledger.verifier.trust import TrustedLog, trusted_log
from store.ledger.reader import Filter
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from collections.abc import Iterable

    from store.ledger.ledger import Ledger
    from store.ledger.reader import Row


def step(ledger: Ledger, purpose: str, *, end: bool) -> int:
    """Begin to replace a key, or end the old one; the position."""
    rotating = ledger.rotating()
    change = rotating.end(purpose) if end else rotating.begin(purpose)
    plain = draft(0, kind=ROTATED, tags=change.tags, streams=("ledger",))
    made = replace(plain, delivery=None, assurance="decided", signers=change.signers)
    (outcome,) = ledger.submit([made], condition=change.condition).result().outcomes
    if isinstance(outcome, Exception):
        raise outcome
    rotating.tidy(purpose)
    return outcome.position


def append(ledger: Ledger, numbers: Iterable[int]) -> bytes:
    """Append a draft for each number; the checkpoint."""
    batch = ledger.submit([draft(number) for number in numbers]).result()
    for outcome in batch.outcomes:
        assert not isinstance(outcome, Exception), outcome
    return batch.checkpoint


def rows(ledger: Ledger) -> list[Row]:
    """All entries that are published, as they are kept."""
    return ledger.reader.entries(ledger.published.size, Filter(), limit=100_000)


def entries(ledger: Ledger) -> list[bytes]:
    """All entries that are published."""
    return [row.raw for row in rows(ledger)]


def verified(
    raws: list[bytes], note: bytes, pinned: Iterable[str] | TrustedLog, *, signatures: bool = True
) -> Chain:
    """The client's verdict on a whole log by keys pinned some time.

    Raises:
        UnsoundError: it is not sound.
    """
    log = pinned if isinstance(pinned, TrustedLog) else trusted_log(pinned)
    claimed = open_later(note, log.log_keys, log.origin)
    chain = Chain(log, signatures=signatures)
    for at in range(0, len(raws), 3):
        chain.extend(raws[at : at + 3])
    chain.finish(claimed)
    chain.opened(note)
    return chain
