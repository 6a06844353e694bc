"""What the threads and readers of one open ledger work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from domain.log.key import Entropy
    from store.documents import DocumentStore
    from store.ledger.bodies import Bodies
    from store.ledger.chain import Examiner
    from store.ledger.guard import Guard
    from store.ledger.observer import Observer
    from store.ledger.sealer import Sealer
    from store.ledger.succession import ValidKeys
    from store.ledger.tiles import Tiles
    from store.ledger.witnessing import Witnessing
    from store.postgres.database import Database


@dataclass(frozen=True, slots=True)
class Equipment:
    """Wired by `store.ledger.opening`.

    Attributes:
        database: where the ledger's schema lies.
        schema: name of that schema.
        name: the ledger's name for operators.
        origin: the ledger's name in the log.
        ring: its keys, and where they are valid.
        delivery_key: makes the keyed digests of deliveries.
        sealer: seals parts for persons, or None.
        documents: keeps large bodies.
        bodies: reads parts back.
        tiles: reads the tree.
        examiner: verifies entries.
        guard: keeps the last signed checkpoint.
        clock: the present instant, with time zone.
        entropy: random bytes.
        observer: told about the stages of an append.
        witnessing: has checkpoints cosigned before anybody is answered, or None.
    """

    database: Database
    schema: str
    name: str
    origin: str
    ring: ValidKeys
    delivery_key: bytes
    sealer: Sealer | None
    documents: DocumentStore
    bodies: Bodies
    tiles: Tiles
    examiner: Examiner
    guard: Guard
    clock: Callable[[], datetime]
    entropy: Entropy
    observer: Observer
    witnessing: Witnessing | None = None
