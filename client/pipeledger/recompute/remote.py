"""The entries and definitions of a ledger by its address; nothing of them is believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeledger.looking import at
from pipeledger.recompute.definitions import Definitions, read_definition
from pipeledger.recompute.documents import PARTS
from pipeledger.recompute.rows import Batch
from pipeledger.verifier.wire import UncheckedError, UnsoundError, read_base64, read_object

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from pipeledger.remote import LedgerReader

_AT_ONCE = 4096


class Remote:
    """A ledger over HTTP."""

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader
        self.note = reader.checkpoint()

    def batches(self, size: int, *, documents: bool) -> Iterator[Batch]:
        """The first entries, so many, in order; with their documents where they are wanted."""
        batch = Batch([], [], [])
        for position, raw in enumerate(self._reader.lines(size), 1):
            line = read_object(raw, "entries")
            event = _part(line.get("parts"), "event")
            for name in PARTS if documents else ():
                part = _part(line.get("parts"), name)
                if part.get("salt") is not None and part.get("bytes") is not None:
                    batch.documents[position, name] = (
                        read_base64(part["salt"], f"salt of part {name}"),
                        read_base64(part["bytes"], f"bytes of part {name}"),
                    )
            batch.entries.append(read_base64(line.get("entry"), "entry"))
            batch.salts.append(_bytes(event.get("salt"), "salt of part event"))
            batch.bodies.append(_bytes(event.get("bytes"), "bytes of part event"))
            if len(batch.entries) == _AT_ONCE:
                yield batch
                batch = Batch([], [], [])
        if batch.entries:
            yield batch

    def definitions(self) -> Definitions:
        """The definitions that the ledger uses now.

        Raises:
            UncheckedError: of a kind that this program does not know.
            AwayError: the ledger does not answer.
        """
        told = self._reader.definitions().get("definitions")
        if not isinstance(told, dict):
            raise UncheckedError("the ledger gives no definitions")
        known = {}
        for name, one in told.items():
            layer, text = at(one, "layer"), at(one, "text")
            if not isinstance(layer, str) or not isinstance(text, str):
                raise UnsoundError(None, "definitions: one without layer or text")
            known[name] = read_definition(name, layer, text)
        return Definitions(known)


def _part(parts: Any, name: str) -> dict[str, Any]:  # noqa: ANN401 - JSON
    found = [one for one in parts or () if isinstance(one, dict) and one.get("name") == name]
    return found[0] if found else {}


def _bytes(value: Any, place: str) -> bytes | None:  # noqa: ANN401 - JSON
    return None if value is None else read_base64(value, place)
