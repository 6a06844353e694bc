"""The systems that deliver by webhook, as people are shown them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from store.source_counts import Count

if TYPE_CHECKING:
    from datetime import datetime

    from api.served import Served
    from store.sources import Source


def address(base: str, ledger: str, source: Source) -> str:
    """Where a source delivers."""
    return f"{base}/v1/{ledger}/intake/{source.name}"


def listed(here: Served, now: datetime) -> list[dict[str, Any]]:
    """The sources as the answer lists them."""
    counts = here.counts.read(here.ledger.published.size)
    return [_shown(one, counts.get(one.name, Count()), now) for one in here.sources.valid()]


def _shown(source: Source, count: Count, now: datetime) -> dict[str, Any]:
    return {
        "name": source.name,
        "kind": source.kind,
        "added_at": source.added_at,
        "every_s": source.every_s,
        "delivered": count.delivered,
        "unmapped": count.unmapped,
        "gaps": count.gaps,
        "last_position": count.last_position,
        "last_at": count.last_at,
        "silent": silent_since(source, count, now) is not None,
    }


def silent_since(source: Source, count: Count, now: datetime) -> datetime | None:
    """Since when a source that is expected to deliver has not; None where it is in time."""
    if source.every_s is None:
        return None
    last = count.last_at or source.added_at
    return last if now - last > timedelta(seconds=source.every_s) else None
