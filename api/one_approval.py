"""One approval as people and pipelines look at it before they decide or go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

from api.facts import fact_of
from api.said import said_at
from domain.decisions.approval import Approval
from domain.decisions.fact import FACTS
from domain.decisions.persons import Persons
from domain.errors import NotFoundError
from domain.log.entry import parse_entry
from domain.log.names import stream_component
from store.ledger.reader import Filter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from domain.decisions.fact import Fact
    from domain.log.context import Context
    from store.ledger.ledger import Ledger
    from store.ledger.reader import Row

_MOST: Final = 100
"""Steps of one approval: twenty grants, a request and an end are less."""


def shown(ledger: Ledger, approval: str, at: datetime, *, whole: bool) -> dict[str, Any]:
    """An approval at an instant.

    Args:
        ledger: where it was requested.
        approval: its id.
        at: the instant.
        whole: with what was asked and who decided, free text included.

    Raises:
        NotFoundError: it was not requested.
    """
    wanted = Filter(
        stream=f"approval/{stream_component(approval)}",
        types=tuple(kind.TOPIC for kind in Approval.STEPS),
    )
    size = ledger.published.size
    found, steps = Approval(), []
    for row in ledger.reader.entries(size, wanted, limit=_MOST):
        entry = parse_entry(row.raw)
        fact = _fact(ledger, row, entry.context)
        found.learn(fact)
        steps.append({
            "position": row.position, "what": entry.context.type.rpartition(".")[2],
            "at": entry.seq.at, "by": entry.context.by.principal, **_words(fact.data),
        })  # fmt: skip
    if found.request is None:
        raise NotFoundError("no approval of this id was requested")
    if found.grants:
        for link in _links(ledger, size):
            found.learn(link)
    told: dict[str, Any] = {
        "approval": approval,
        "state": found.state(at),
        "required": found.required,
        "granted": len(found.counted),
        "missing_roles": found.missing_roles,
        "valid_from": found.asked.get("valid_from"),
        "valid_until": found.asked.get("valid_until"),
    }
    return told | {"asked": found.asked, "steps": steps} if whole else told


def _fact(ledger: Ledger, row: Row, context: Context) -> Fact:
    return FACTS[context.type](said_at(ledger, row)[0], context.by, row.position)


def _links(ledger: Ledger, size: int) -> Iterator[Fact]:
    """Everything that says who is one person, since a chain may run through anybody.

    Texts beside it say nothing of that: all of it is one statement, however much it is.
    """
    kinds = [kind.TOPIC for kind in Persons.STANDS_ON]
    for one in ledger.read(DCBQuery([DCBQueryItem(types=kinds)])):
        if one.position <= size:
            yield fact_of(one.event)


def _words(said: dict[str, Any]) -> dict[str, Any]:
    return {name: said[name] for name in ("role", "reason") if name in said}
