"""What a file looks like from outside: enough to recognise a format, read once for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import msgspec

from intake.xml_body import find_root

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
        head: how a text begins that is neither JSON nor XML, at most `HEAD` bytes, else empty.
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
        return (_members(bytes(raw)) if raw is not None else None) or {}

    def first(self, name: str) -> Members:
        """Members of the first object of an array that is a member of `object`; else empty."""
        raw = self.object.get(name)
        elements = _elements(bytes(raw)) if raw is not None else None
        return (_members(bytes(elements[0])) if elements else None) or {}

    def text(self, name: str) -> str | None:
        """A member of `object`, if it is a text."""
        raw = self.object.get(name)
        if raw is None:
            return None
        try:
            return msgspec.json.decode(bytes(raw), type=str)
        except msgspec.DecodeError:
            return None


def shape_of(body: bytes) -> Shape:
    """The shape of a file whose bytes were checked (`intake.body`); never fails."""
    start = body.lstrip()[:1]
    if start == b"{":
        if (members := _members(body)) is not None:
            return Shape(members=members)
        first, _, rest = body.lstrip().partition(b"\n")
        return Shape(line=_members(first) if rest else None)
    if start == b"[":
        elements = _elements(body)
        if elements is not None:
            return Shape(element=(_members(bytes(elements[0])) if elements else None) or {})
    if start == b"<":
        found = find_root(body)
        if found is not None:
            return Shape(root=found[0], attributes=found[1])
    return Shape(head=body[:HEAD].decode(errors="ignore"))


def _elements(raw: bytes) -> list[msgspec.Raw] | None:
    try:
        return msgspec.json.decode(raw, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        return None


def _members(raw: bytes) -> Members | None:
    try:
        return msgspec.json.decode(raw, type=Members)
    except (msgspec.DecodeError, RecursionError):
        return None
