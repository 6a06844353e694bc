"""Documents made from reports, and the texts that may stand in them."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

import msgspec

from domain.errors import TooLargeError
from domain.events.fields import MAX_NAME
from intake.limits import MAX_DOCUMENT, MAX_ROWS
from intake.report import Document
from intake.scratch import Scratch

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Rows:
    """A document being written: one JSON object a line."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lines = Scratch()
        self._number = 0

    def __len__(self) -> int:
        return self._number

    def add(self, row: Mapping[str, object]) -> None:
        """Write one row; fields that are None are left out.

        Raises:
            TooLargeError: too many rows, or bytes.
            UnavailableError: the disk cannot keep it.
        """
        line = msgspec.json.encode(
            {name: value for name, value in row.items() if value is not None}
        )
        if self._number >= MAX_ROWS or len(self._lines) + len(line) >= MAX_DOCUMENT:
            raise TooLargeError("document", f"more than {MAX_ROWS} rows or {MAX_DOCUMENT} bytes")
        self._lines.write(line + b"\n")
        self._number += 1

    def document(self) -> Document | None:
        """The document; None where there was no row."""
        if not self._number:
            return None
        return Document(self._name, self._lines.content(), f"sha256:{self._lines.digest()}")


def named(text: str | None) -> str | None:
    """A text as a name of the vocabulary: one line; a very long one as `~` and 32 hex digits."""
    if text is None:
        return None
    line = (text if text.isprintable() else _CONTROL.sub(" ", text)).strip()
    if not line:
        return None
    return line if len(line) <= MAX_NAME else "~" + hashlib.sha256(line.encode()).hexdigest()[:32]
