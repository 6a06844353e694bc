"""What a file looks like from outside: enough to recognise a format, read once for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from domain.errors import RefusedError
from intake.buffer import first_byte, line_end
from intake.json_array import Pieces
from intake.json_body import is_json, read_members
from intake.xml_body import find_root

if TYPE_CHECKING:
    from intake.buffer import Buffer

Members = dict[str, msgspec.Raw]
"""Members of a JSON object, name to undecoded value."""

HEAD: Final = 4096
"""Bytes of a text that its format is recognised by."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The outermost of a file.

    Attributes:
        members: of a JSON object, name to undecoded value; None where it is none.
        element: members of the first element of a JSON array, empty where there is none or it is
            no object; None where the file is no array.
        line: members of the object on the first of several lines (JSON lines), else None.
        root: name of an XML document's outermost element, or None.
        attributes: that element's attributes, namespaces in braces.
        head: how a text begins that is neither JSON nor XML, or an array whose first element is no
            object, at most `HEAD` bytes; else empty.
    """

    members: Members | None = None
    element: Members | None = None
    line: Members | None = None
    root: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    head: str = ""

    @property
    def object(self) -> Members:
        """Members of the object that the file is or begins with; empty where there is none."""
        return self.members or self.line or self.element or {}

    def inner(self, name: str) -> Members:
        """Members of an object that is a member of `object`; empty where it is none."""
        raw = self.object.get(name)
        return (_members(raw) if raw is not None else None) or {}

    def first(self, name: str) -> Members:
        """Members of the first object of an array that is a member of `object`; else empty."""
        raw = self.object.get(name)
        return _first_element(memoryview(raw)) if raw is not None else {}

    def inside(self, name: str) -> Shape:
        """The object that is a member of `object`, or the first one of an array that is."""
        return Shape(members=self.inner(name) or self.first(name))

    def text(self, name: str) -> str | None:
        """A member of `object`, if it is a text."""
        raw = self.object.get(name)
        if raw is None:
            return None
        try:
            return msgspec.json.decode(raw, type=str)
        except msgspec.DecodeError:
            return None


def shape_of(body: Buffer) -> Shape:
    """The shape of a file whose bytes were checked (`intake.body`); never fails."""
    body = body[first_byte(body) :]
    start = bytes(body[:1])
    if start == b"{":
        if (members := _members(body)) is not None:
            return Shape(members=members)
        end = line_end(body)
        return Shape(line=_members(body[:end]) if 0 <= end < len(body) - 1 else None)
    if start == b"[" and is_json(body):
        element = _first_element(body)
        head = "" if element else bytes(body[:HEAD]).decode(errors="ignore")
        return Shape(element=element, head=head)
    if start == b"<":
        found = find_root(body)
        if found is not None:
            return Shape(root=found[0], attributes=found[1])
    return Shape(head=bytes(body[:HEAD]).decode(errors="ignore"))


def _first_element(array: Buffer) -> Members:
    try:
        first = next(Pieces(array, "document").cut(), b"")
    except RefusedError:
        return {}
    return _members(first[first_byte(first) :]) or {}


def _members(text: Buffer | msgspec.Raw) -> Members | None:
    try:
        return read_members(memoryview(text))
    except RefusedError:
        return None
