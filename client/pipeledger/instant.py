"""Instants: as others write them, as people name them, and as they are sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeledger.errors import UsageError
from pipeledger.words import check_instant


def read_instant(instant: object) -> datetime | None:
    """An instant with its offset, in UTC; None for anything else."""
    if not isinstance(instant, str):
        return None
    try:
        found = datetime.fromisoformat(instant)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def instant_of(word: str, option: str, now: datetime) -> datetime:
    """The instant that a word names: a time with offset, or `36h`, `7d` before now.

    Raises:
        UsageError: neither.
    """
    unit = {"h": timedelta(hours=1), "d": timedelta(days=1)}.get(word[-1:])
    if unit is not None and word[:-1].isascii() and word[:-1].isdigit() and len(word) < 6:  # noqa: PLR2004 - years
        return now - int(word[:-1]) * unit
    found = read_instant(check_instant(word, option))
    if found is None:
        raise UsageError(f"{option} {word}: no such day or hour")
    return found


def written(instant: datetime) -> str:
    """An instant as RFC 3339 in UTC."""
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")
