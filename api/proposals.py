"""Commands that wait for a second person, as they were proposed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from api.said import said_at
from domain.decisions.command import LIFE, PREFIX, Proposal, field_of
from domain.decisions.fact import CommandProposed, CommandWithdrawn
from domain.errors import ConflictError, NotFoundError
from domain.instant import read_time
from domain.log.entry import parse_entry
from domain.log.names import tag
from store.ledger.reader import Filter

if TYPE_CHECKING:
    from datetime import datetime

    from store.ledger.ledger import Ledger
    from store.ledger.reader import Row

_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal as it was made.

    Attributes:
        proposal: where, by whom, until when.
        command: type of what it will become, without prefix and version.
        data: of that event, free text included.
    """

    proposal: Proposal
    command: str
    data: dict[str, Any]


def proposed_at(ledger: Ledger, position: int) -> Proposed:
    """The proposal at a position.

    Raises:
        NotFoundError: none is published there.
        ConflictError: part of it was removed.
    """
    return _read(ledger, ledger.reader.entry(position, ledger.published.size))


def waiting(ledger: Ledger, at: datetime) -> list[Proposed]:
    """What can be confirmed at an instant, oldest first; the first thousand of those proposed."""
    reader, size = ledger.reader, ledger.published.size
    wanted = Filter(types=(CommandProposed.TOPIC,), since=at - LIFE)
    found = [_read(ledger, row) for row in reader.entries(size, wanted, limit=_MOST)]
    return [
        one for one in found
        if one.proposal.expires > at and not reader.entries(size, _ending(one), limit=1)
    ]  # fmt: skip


def _ending(one: Proposed) -> Filter:
    return Filter(
        tags=(tag("proposal", str(one.proposal.position)),),
        types=(PREFIX + one.command, CommandWithdrawn.TOPIC),
    )


def _read(ledger: Ledger, row: Row) -> Proposed:
    context = parse_entry(row.raw).context
    if context.type != CommandProposed.TOPIC:
        raise NotFoundError(f"no command was proposed at position {row.position}")
    said, is_whole = said_at(ledger, row)
    if not is_whole:
        raise ConflictError("part of what was proposed was removed; propose it again")
    expires = read_time(said["expires"], "field data.expires")
    proposal = Proposal(row.position, context.by, expires)
    return Proposed(proposal, said["command"], said[field_of(said["command"])])
