"""Looks into a page as a browser and a screen reader do."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

_VOID: Final = frozenset({"meta", "br", "hr", "img", "input", "link"})


@dataclass
class Element:
    """An element of a page.

    Attributes:
        tag: its name.
        attributes: by name.
        inner: elements and texts in it.
    """

    tag: str
    attributes: dict[str, str]
    inner: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Every text in it."""
        return " ".join(
            " ".join(one if isinstance(one, str) else one.text for one in self.inner).split()
        )

    def all(self, *tags: str) -> list[Element]:
        """Elements in it, of these names or any."""
        found = []
        for one in self.inner:
            if isinstance(one, Element):
                found += [one] if not tags or one.tag in tags else []
                found += one.all(*tags)
        return found

    def rows(self) -> list[list[str]]:
        """The cells of a table's body."""
        (body,) = self.all("tbody")
        return [[cell.text for cell in row.all("th", "td")] for row in body.all("tr")]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("document", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs})
        assert len(made.attributes) == len(attrs), f"<{tag}> has an attribute twice"
        self.open[-1].inner.append(made)
        if tag not in _VOID:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.open[-1].inner.append(data)


def read_page(page: bytes) -> Element:
    """The page, every element closed."""
    reader = _Reader()
    reader.feed(page.decode())
    reader.close()
    (whole,) = reader.open
    return whole


def table_of(page: Element, caption: str) -> Element:
    """The table whose caption begins so."""
    (found,) = (
        one for one in page.all("table")
        if any(each.text.startswith(caption) for each in one.all("caption"))
    )  # fmt: skip
    return found
