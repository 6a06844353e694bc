"""Between the facts of commands and the ledger's events; no Python path enters what is stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
from eventsourcing.dcb.application import DCBRepository
from eventsourcing.dcb.domain import Tagged
from eventsourcing.dcb.persistence import DCBEventStore, DCBMapper

from api.doors import check_command
from api.ingest import draft_of
from domain.decisions.fact import FACTS, Fact
from domain.door import read_json
from domain.events.registry import TYPES
from domain.events.upcast import upcast
from store.ledger.ledger import DraftedEvent, LedgerEvent

if TYPE_CHECKING:
    from datetime import datetime

    from eventsourcing.dcb.api import DCBEvent

    from api.served import Served
    from domain.log.key import Entropy
    from store.credentials import Credential


def repository(
    here: Served, credential: Credential, at: datetime, entropy: Entropy
) -> DCBRepository[Fact]:
    """Where commands read facts, and append what they decided.

    Args:
        here: the ledger.
        credential: who commands.
        at: the present instant.
        entropy: random bytes for ids and salts.
    """
    mapper = FactMapper(here, credential, at, entropy)
    return DCBRepository(DCBEventStore(mapper, here.ledger))


class FactMapper(DCBMapper[Fact]):
    """Facts as events that went through the door and the people stage, and back."""

    def __init__(
        self, here: Served, credential: Credential, at: datetime, entropy: Entropy
    ) -> None:
        self._here = here
        self._credential = credential
        self._at = at
        self._entropy = entropy

    def to_dcb_event(self, event: Tagged[Fact]) -> DCBEvent:
        """An event to be appended.

        Raises:
            RefusedError: not of its type's form; names the field.
            ForbiddenError: the role may not command it.
        """
        fact = event.decision
        value = {
            "specversion": "1.0",
            # Not to be guessed: nobody shall have taken the id before.
            "id": self._entropy(16).hex(),
            "source": fact.source or self._here.ledger.origin,
            "type": TYPES[fact.TOPIC].versioned,
            "time": self._at.isoformat().replace("+00:00", "Z"),
            "data": fact.data,
        }
        # Through the strict door like everybody's events: no way around it.
        said = json.dumps(value).encode()
        draft = draft_of(
            read_json(said), said, self._credential, self._here.register, self._entropy,
            door=check_command, assurance="decided",
        )  # fmt: skip
        return DraftedEvent(draft.type, bytes(draft.event.body), list(draft.tags), draft)

    def to_domain_event(self, event: DCBEvent) -> Tagged[Fact]:
        """A fact that was read."""
        return Tagged(event.tags, fact_of(event))


def fact_of(event: DCBEvent) -> Fact:
    """What an event says that a ledger gave; nothing where it was redacted."""
    if not isinstance(event, LedgerEvent) or event.context is None:
        raise TypeError("an event that no ledger gave")
    data: dict[str, Any] = {}
    if event.data:
        said = msgspec.json.decode(event.data)["data"]
        data = upcast(event.type, event.context.version, said)
    return FACTS[event.type](data, event.context.by, event.position)
