"""Words of others, to be shown to people and not obeyed by their terminals."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text, with `?` for what moves a cursor or turns the direction of writing."""
    return "".join(char if char.isprintable() else "?" for char in text)


def plain(text: str) -> str:
    """The same on one line."""
    return printable(" ".join(text.split()))
