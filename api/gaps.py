"""Finds sources that are silent for too long and records it, once for each silence."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from api.decisions import decide
from api.delivering import silent_since
from domain.draft import Delivery
from domain.errors import PipeledgerError
from domain.log.entry import format_at
from store.ledger.ledger import SERVER
from store.source_counts import Count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from api.served import Served
    from domain.log.key import Entropy

PERIOD_S: Final = 60.0
"""How often somebody looks."""
_LOG: Final = logging.getLogger("pipeledger.intake")


def record_gaps(here: Served, now: datetime, entropy: Entropy) -> list[str]:
    """Record who is silent for too long and was not found so yet; their names."""
    sources = [one for one in here.sources.valid() if one.every_s is not None]
    if not sources:
        return []
    counts = here.counts.read(here.ledger.published.size)
    found = []
    for source in sources:
        since = silent_since(source, counts.get(source.name, Count()), now)
        if since is None:
            continue
        # One silence has one beginning: found again, or by another process, it is a repeat.
        begun = format_at(since)
        once = Delivery(f"{here.ledger.origin}/gaps", f"{source.name} {begun}", begun.encode())
        data = {"name": source.name, "since": begun}
        decide(here.ledger, "pipeledger.source.gap.v1", data, SERVER, now, entropy, once)
        found.append(source.name)
    return found


def watch(served: Iterable[Served], clock: Callable[[], datetime], entropy: Entropy) -> None:
    """Record the silences of every ledger; what fails is tried again the next time."""
    for here in served:
        try:
            record_gaps(here, clock(), entropy)
        except PipeledgerError as error:
            _LOG.warning("sources could not be looked through: %s", error)
