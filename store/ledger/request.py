"""What is asked of the sequencing thread, and what it answers."""

from __future__ import annotations

import asyncio
from concurrent import futures
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from eventsourcing.persistence import IntegrityError

from domain.errors import ConflictError, PipeledgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from eventsourcing.dcb.api import DCBAppendCondition

    from store.ledger.group import Appended
    from store.ledger.lookup import Claim
    from store.ledger.observer import Stage
    from store.ledger.prepared import Prepared
    from store.ledger.signer import Frame

Waiting = futures.Future["Batch"] | asyncio.Future["Batch"]
"""Who waits for an answer: a thread, or a task of an event loop."""


class ConditionFailedError(ConflictError, IntegrityError):
    """The condition of an append matched an event that is there."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The answer to a request, once everything in it is published.

    Attributes:
        outcomes: one for each draft, in order.
        checkpoint: the published checkpoint, a signed note that covers every outcome.
        stages: what the group went through.
    """

    outcomes: tuple[Appended | PipeledgerError, ...]
    checkpoint: bytes
    stages: tuple[Stage, ...] = ()


@dataclass(slots=True)
class Request:
    """What a caller wants appended.

    Attributes:
        events: prepared, or why one was refused before it came here.
        condition: of the whole request.
        atomic: all events or none; else each stands for itself.
        signing: frames of the events; empty: the sequencer has them signed.
        future: resolved by the publisher, or by the sequencer with an error.
    """

    events: list[Prepared | PipeledgerError]
    condition: DCBAppendCondition | None
    atomic: bool
    signing: list[Frame]
    future: Waiting

    @property
    def sound(self) -> list[Prepared]:
        """The events that were not refused before."""
        return [one for one in self.events if not isinstance(one, PipeledgerError)]


@dataclass(slots=True)
class Committed:
    """A group whose transaction is durable, on its way to the guard.

    Attributes:
        size: the tree's size behind it.
        root: the tree's root at that size.
        answers: requests and their outcomes.
        stages: what it went through; the last is `commit`.
    """

    size: int
    root: bytes
    answers: list[tuple[Request, tuple[Appended | PipeledgerError, ...]]]
    stages: tuple[Stage, ...]


def apart(requests: list[Request]) -> Iterator[list[Request]]:
    """Requests in groups, so that a change of keys is alone in its own."""
    for changes, near in groupby(requests, lambda one: any(event.signers for event in one.sound)):
        several = list(near)
        yield from ([one] for one in several) if changes else (several,)


def claims_of(requests: list[Request], last: int) -> list[Claim]:
    """The deliveries of a group, if it goes without saying that each event is placed next.

    Args:
        requests: of the group.
        last: the last position before it.

    Returns:
        Nothing where a question has to be answered before: a condition, or a repeat within.
    """
    claims: list[Claim] = []
    for request in requests:
        if request.condition is not None:
            return []
        for event in request.events:
            if isinstance(event, PipeledgerError):
                if request.atomic:
                    return []
                continue
            last += 1
            if event.key is not None and event.mac is not None:
                claims.append((event.key, event.mac, last))
    return claims if len({key for key, _, _ in claims}) == len(claims) else []
