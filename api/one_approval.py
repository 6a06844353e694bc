"""One approval as people and pipelines look at it before they decide or go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from api.said import said_at
from domain.decisions.approval import Approval
from domain.decisions.fact import FACTS
from domain.errors import NotFoundError
from domain.log.entry import parse_entry
from domain.log.names import stream_component
from store.ledger.reader import Filter

if TYPE_CHECKING:
    from datetime import datetime

    from store.ledger.ledger import Ledger

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
    rows = ledger.reader.entries(ledger.published.size, wanted, limit=_MOST)
    found, steps = Approval(), []
    for row in rows:
        entry = parse_entry(row.raw)
        context = entry.context
        said, _ = said_at(ledger, row)
        fact = FACTS[context.type](said, context.by, row.position)
        found.learn(fact)
        steps.append({
            "position": row.position, "what": context.type.rpartition(".")[2], "at": entry.seq.at,
            "by": context.by.principal, **_words(fact.data),
        })  # fmt: skip
    if found.request is None:
        raise NotFoundError("no approval of this id was requested")
    told: dict[str, Any] = {
        "approval": approval,
        "state": found.state(at),
        "required": found.required,
        "granted": len(found.grants),
        "missing_roles": found.missing_roles,
        "valid_until": found.asked.get("valid_until"),
    }
    return told | {"asked": found.asked, "steps": steps} if whole else told


def _words(said: dict[str, Any]) -> dict[str, Any]:
    return {name: said[name] for name in ("role", "reason") if name in said}
