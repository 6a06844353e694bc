"""How the witnesses of a ledger stand, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from domain.instant import write_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.host import Served
    from api.witness.cosigners import Cosigners


def standing_lines(here: Served) -> list[str]:
    """One line on a ledger that has witnesses; nobody's name or address. Else none."""
    cosigners, size = here.cosigners, here.ledger.published.size
    standings = list(cosigners.standings().values())
    if not standings:
        return []
    up = sum(not one.failures for one in standings)
    line = (
        f"ledger {here.ledger.name}: {cosigners.witnessed_size} of {size} entries witnessed, "
        f"{up} of {len(standings)} witnesses answered last"
    )
    if forks := len(cosigners.evidence.of(here.ledger.origin)):
        line += f", {forks} signs of another history"
    return [line]


def table(cosigners: Cosigners, origin: str) -> Iterator[str]:
    """Every witness with what it cosigned last, and every sign of another history."""
    standings = cosigners.standings()
    for one in cosigners.policy.witnesses.values():
        standing = standings[one.key.id]
        last = "never" if not standing.at else write_time(datetime.fromtimestamp(standing.at, UTC))
        row = f"{one.key.id}\t{one.url}\tsize {standing.size}\tlast {last}"
        yield f"{row}\t{standing.trouble}" if standing.trouble else row
    for found in cosigners.evidence.of(origin):
        when = write_time(datetime.fromtimestamp(found.at, UTC))
        yield f"another history, found {when}: {found.cause}"
