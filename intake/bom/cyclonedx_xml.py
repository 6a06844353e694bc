"""CycloneDX's XML as the object that its JSON would be; elements that are not read are skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.errors import RefusedError
from intake.bom.cyclonedx_structure import Bill
from intake.xml_body import read_elements

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMESPACE: Final = "http://cyclonedx.org/schema/bom"

_LISTS: Final = frozenset({
    "affects", "authors", "commits", "components", "dependencies", "externalReferences", "hashes",
    "ratings", "responses", "services", "vulnerabilities",
})  # fmt: skip
_OBJECTS: Final = frozenset({
    "analysis", "author", "bom", "commit", "component", "dependency", "metadata", "pedigree",
    "rating", "reference", "service", "source", "target", "tool", "tools", "vulnerability",
})  # fmt: skip
_TEXTS: Final = frozenset({
    "email", "group", "hash", "id", "justification", "name", "purl", "ref", "response", "score",
    "severity", "state", "timestamp", "uid", "url", "version",
})  # fmt: skip
_ATTRIBUTES: Final = frozenset({"alg", "ref", "type"})
_NAMES: Final = {"responses": "response"}


def read_bill(body: bytes) -> Bill:
    """The fields of a file.

    Raises:
        RefusedError: no CycloneDX; the place is named.
        TooLargeError: a limit was passed.
    """
    elements = _Elements()
    read_elements(body, elements, elements.text)
    try:
        return msgspec.convert(elements.root, Bill)
    except msgspec.ValidationError:
        raise RefusedError("document", "its elements are not those of CycloneDX") from None


class _Elements:
    """Hears the elements and builds the object."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self._open: list[dict[str, Any] | list[Any]] = []
        self._skipped = 0
        self._pieces: list[str] | None = None

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if not self._open:
            self._begin(name, attributes)
        elif self._skipped or name not in _LISTS | _OBJECTS | _TEXTS:
            self._skipped += 1
            self._pieces = None
        elif name in _LISTS:
            self._open.append([])
        else:
            told = {key: text for key, text in attributes.items() if key in _ATTRIBUTES}
            self._open.append(told)
            self._pieces = [] if name in _TEXTS else None

    def text(self, piece: str) -> None:
        if self._pieces is not None:
            self._pieces.append(piece)

    def end(self, name: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        value: Any = self._open.pop()
        if name in _TEXTS:
            value = self._leaf(name, value)
        elif name == "tools":
            # Up to 1.4 they are listed one by one, from 1.5 as components and services.
            value = value.get("tool", value)
        self._pieces = None
        if self._open:
            self._put(_NAMES.get(name, name), value)

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        namespace = attributes.get("xmlns", "")
        if name != "bom" or not namespace.startswith(NAMESPACE):
            raise RefusedError("document", "expected CycloneDX's bom as outermost element")
        self.root = {
            "bomFormat": "CycloneDX",
            "specVersion": namespace.removeprefix(NAMESPACE).strip("/") or "1.0",
            "serialNumber": attributes.get("serialNumber"),
        }
        self._open.append(self.root)

    def _leaf(self, name: str, attributes: Mapping[str, str]) -> object:
        text = "".join(self._pieces or ()).strip() or None
        return {"alg": attributes.get("alg"), "content": text} if name == "hash" else text

    def _put(self, name: str, value: object) -> None:
        holder = self._open[-1]
        if isinstance(holder, list):
            holder.append(value)
        elif name == "tool":
            holder.setdefault("tool", []).append(value)
        else:
            holder[name] = value
