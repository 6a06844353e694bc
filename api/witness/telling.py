"""How the witnesses of a ledger stand, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from domain.instant import write_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from api.served import Served
    from api.witness.cosigners import Cosigners


def standing_line(served: Iterable[Served]) -> str | None:
    """How the witnesses of all these ledgers stand, in sums; None: there are none.

    Strangers may read it: it names nobody, no address and no ledger.
    """
    told = up = behind = forks = 0
    for here in served:
        cosigners = here.cosigners
        if standings := cosigners.standings().values():
            told += len(standings)
            up += sum(not one.failures for one in standings)
            behind += max(here.ledger.published.size - cosigners.witnessed_size, 0)
            forks += len(cosigners.evidence.of(here.ledger.origin))
    if not told:
        return None
    line = f"{up} of {told} witnesses answered last, {behind} entries wait for enough of them"
    return f"{line}, {forks} signs of another history" if forks else line


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
