"""XML from outside: elements one after the other, no tree, no entities, nothing fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from domain.errors import RefusedError, TooLargeError
from intake.buffer import pieces_of
from intake.limits import MAX_DEPTH, MAX_ELEMENT, MAX_ELEMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from intake.buffer import Buffer


class Listener(Protocol):
    """Hears of each element; names come without their namespaces."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""


class _RootFoundError(Exception):
    """Enough was read."""


class _Target:
    """Counts what the parser meets and passes it on."""

    def __init__(self, listener: Listener, text: Callable[[str], None] | None) -> None:
        self._listener = listener
        self._text = text
        self._depth = self._nodes = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._nodes += 1
        if self._depth > MAX_DEPTH:
            raise TooLargeError("document", f"nested deeper than {MAX_DEPTH} levels")
        if self._nodes > MAX_ELEMENTS:
            raise TooLargeError("document", f"more than {MAX_ELEMENTS} elements")
        if self._depth == 1 and name.startswith("{"):
            attributes = {"xmlns": name[1:].partition("}")[0], **attributes}
        self._listener.start(_local(name), attributes)

    def end(self, name: str) -> None:
        self._depth -= 1
        self._listener.end(_local(name))

    def data(self, piece: str) -> None:
        if self._text is not None:
            self._text(piece)

    def close(self) -> None:
        """Nothing was built."""


def read_elements(
    body: Buffer, listener: Listener, text: Callable[[str], None] | None = None
) -> None:
    """Walk through a document.

    Args:
        body: checked UTF-8 (`intake.body`); what the declaration says of the encoding is not
            believed.
        listener: hears of the elements; of the outermost its namespace is the attribute `xmlns`.
        text: hears of the text within the element that began or ended last, in pieces.

    Raises:
        RefusedError: no well-formed XML, or it declares entities; names line and column.
        TooLargeError: too many or too deeply nested elements.
    """
    parser = DefusedXMLParser(
        target=_Target(listener, text), encoding="utf-8", forbid_entities=True, forbid_external=True
    )
    fed = 0
    try:
        for piece in pieces_of(body):
            parser.feed(piece)
            fed += len(piece)
            # It begins anew with what is not whole yet, each time.
            if fed - parser.parser.CurrentByteIndex > MAX_ELEMENT:
                raise TooLargeError(
                    _place(parser), f"a tag or comment is longer than {MAX_ELEMENT} bytes"
                )
        parser.close()
    except ParseError as error:
        line, column = error.position
        raise RefusedError(f"line {line}, column {column + 1}", "no well-formed XML") from None
    except DefusedXmlException:
        raise RefusedError(_place(parser), "entities are not allowed") from None


def find_root(body: Buffer) -> tuple[str, dict[str, str]] | None:
    """Name and attributes of the outermost element, or None where this is no XML."""
    found: list[tuple[str, dict[str, str]]] = []

    class Root:
        def start(self, name: str, attributes: Mapping[str, str]) -> None:
            found.append((name, dict(attributes)))
            raise _RootFoundError

        def end(self, name: str) -> None:
            """Never reached."""

    try:
        read_elements(body, Root())
    except _RootFoundError:
        return found[0]
    except (RefusedError, TooLargeError):
        return None
    return None


def _place(parser: Any) -> str:  # noqa: ANN401 - defusedxml is not typed
    return f"line {parser.parser.CurrentLineNumber}"


def _local(name: str) -> str:
    return name.rpartition("}")[2]
