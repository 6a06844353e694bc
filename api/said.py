"""What an entry says, free text included, for those who may read it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from domain.events.upcast import upcast
from domain.log.entry import parse_entry
from domain.log.part import EVENT_PART
from domain.texts import put_back

if TYPE_CHECKING:
    from store.ledger.ledger import Ledger
    from store.ledger.reader import Row


def said_at(ledger: Ledger, row: Row) -> tuple[dict[str, Any], bool]:
    """What an entry says.

    Returns:
        The data of the newest version, with the texts that are still there; empty where the event
        itself was removed. And whether nothing of it was removed.

    Raises:
        DamageError: a part was altered or its document is missing.
    """
    context = parse_entry(row.raw).context
    parts = {part.name: part.body for part in ledger.reader.parts(row)}
    if EVENT_PART not in parts:
        return {}, False
    said = upcast(context.type, context.version, msgspec.json.decode(parts[EVENT_PART])["data"])
    if "text" in parts:
        put_back(said, json.loads(parts["text"]))
    return said, len(parts) > len(context.parts)
