"""Vault's audit log: JSON lines of any audit device, each request twice.

The response says how it ended and is the fact; the request alone is one where the file has no
response to it: as it was refused, or as it was asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.json_body import read_lines
from intake.order import by_time
from intake.report import Format, Reading
from intake.vault.asked import asked_of
from intake.vault.engines import read_secret
from intake.vault.structure import Entry
from intake.vault.system import read_system

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Shape

_TYPES: Final = frozenset({"request", "response"})


def claims(shape: Shape) -> bool:
    """Entries of requests and responses with an operation and a path."""
    return (
        shape.element is None
        and shape.text("type") in _TYPES
        and "time" in shape.object
        and {"operation", "path"} <= shape.inner("request").keys()
    )


def read(body: bytes) -> list[Reading]:
    """The readings of a file; requests that concern no secret, right or setting have none.

    Raises:
        RefusedError: no audit log; the line is named.
        TooLargeError: a limit was passed.
    """
    entries = [entry for _, entry in read_lines(body, Entry)]
    return by_time(_readings(entries))


def _readings(entries: list[Entry]) -> Iterator[Reading]:
    answered = {_id(entry) for entry in entries if entry.type == "response"} - {None}
    for entry in entries:
        if entry.type == "request" and _id(entry) in answered:
            continue
        asked = asked_of(entry) if entry.type in _TYPES else None
        reading = (read_system if asked.root else read_secret)(asked) if asked else None
        if reading is not None:
            yield reading


def _id(entry: Entry) -> str | None:
    return entry.request.id if entry.request is not None else None


FORMAT: Final = Format("vault-audit", "Vault audit log", "application/x-ndjson", claims, read)
