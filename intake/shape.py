"""What a file looks like from outside: enough to recognise a format, read once for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from intake.xml_body import find_root


@dataclass(frozen=True, slots=True)
class Shape:
    """The outermost of a file.

    Attributes:
        members: of a JSON object, name to undecoded value; None where it is none.
        root: name of an XML document's outermost element, or None.
        attributes: that element's attributes, namespaces in braces.
    """

    members: dict[str, msgspec.Raw] | None = None
    root: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """A member of the JSON object, if it is a text."""
        raw = (self.members or {}).get(name)
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
        try:
            return Shape(members=msgspec.json.decode(body, type=dict[str, msgspec.Raw]))
        except (msgspec.DecodeError, RecursionError):
            return Shape()
    if start == b"<":
        found = find_root(body)
        if found is not None:
            return Shape(root=found[0], attributes=found[1])
    return Shape()
