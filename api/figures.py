"""The figures of a served ledger: its own, and those of its witnesses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.figures import (
    COSIGNED,
    COSIGNED_AT,
    FAILURES,
    FORKS,
    WITNESSED,
    Figure,
    figures_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from api.served import Served


def figures(here: Served, now: datetime) -> Iterator[Figure]:
    """Everything that is told of a ledger in numbers."""
    yield from _of_witnesses(here)
    yield from figures_of(here.ledger, here.history, now)


def _of_witnesses(here: Served) -> Iterator[Figure]:
    own, cosigners = {"ledger": here.ledger.name}, here.cosigners
    if not cosigners.policy.witnesses:
        return
    yield Figure(WITNESSED, own, cosigners.witnessed_size)
    names = {one.key.id: one.key.name for one in cosigners.policy.witnesses.values()}
    for witness, standing in cosigners.standings().items():
        named = own | {"witness": names.get(witness, witness)}
        yield Figure(COSIGNED, named, standing.size)
        yield Figure(COSIGNED_AT, named, standing.at)
        yield Figure(FAILURES, named, standing.failures)
        yield Figure(FORKS, named, standing.forks)
