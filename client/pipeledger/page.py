"""What is told to people, once: shown on a terminal as aligned tables, or as Markdown.

The words come from a ledger, so they are shown and never obeyed: what is not printable becomes
`?`, and in Markdown every mark is escaped.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeledger.verifier.shown import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_GAP = "  "
_NARROWEST = 8
_COMMANDS = frozenset({"pipeledger", "pipeledger-server"})
_NUMBER = re.compile(
    r"[-+]?[0-9][0-9.,]*( (%|s|min|h|d|times|points|a day|a week|a month)( [0-9]+ (s|min|h))?)?|-"
)
_MARKS = re.compile(r"([\\`*_{}\[\]#!|<>~])")


@dataclass(frozen=True)
class Table:
    """Rows under headings.

    Attributes:
        headings: of the columns; where all are empty, none is shown.
        rows: cells as texts, as many as headings.
        title: above it, or nothing.
        colours: cells that a terminal shows in a colour, and its number (ECMA-48).
    """

    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    title: str = ""
    colours: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Branch:
    """A line of a tree.

    Attributes:
        text: what it says.
        paste: a line to be pasted as it is, after the text; or nothing.
        below: what belongs to it.
    """

    text: str
    paste: str = ""
    below: list[Branch] = field(default_factory=list)


@dataclass
class Page:
    """One thing that is told.

    Attributes:
        title: what it is.
        tables: in order.
        notes: lines below them.
        proof: lines at the end, on what it was told.
        branches: of a tree, below the tables.
    """

    title: str
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    proof: list[str] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)

    def text(self, width: int | None = None, *, coloured: bool = False) -> str:
        """For a terminal.

        Args:
            width: its columns; longer rows lose the ends of their longest cells. None: as long as
                they are.
            coloured: it shows colours.
        """
        blocks = [plain(self.title)]
        blocks += [_aligned(table, width, coloured=coloured) for table in self.tables]
        if self.branches:
            blocks.append("\n".join(_tree(self.branches, width)))
        blocks += ["\n".join(plain(note) for note in lines)
                   for lines in (self.notes, self.proof) if lines]  # fmt: skip
        return "\n\n".join(blocks) + "\n"

    def markdown(self) -> str:
        """For the page of a CI job."""
        blocks = [f"### {_escaped(self.title)}"]
        for table in self.tables:
            if table.title:
                blocks.append(f"**{_escaped(table.title)}**")
            right = _to_the_right(table)
            lines = [
                _row(table.headings),
                _row(["---:" if one else "---" for one in right], escape=False),
                *(_row(cells) for cells in table.rows),
            ]
            blocks.append("\n".join(lines))
        if self.branches:
            blocks.append("\n".join(_list(self.branches)))
        blocks += ["\n".join(f"- {_escaped(note)}" for note in self.notes)] if self.notes else []
        blocks += ["\n".join(f"<sub>{_escaped(line)}</sub>  " for line in self.proof)]
        return "\n\n".join(blocks) + "\n"


def is_ours(line: str) -> bool:
    """Whether a line can be shown for pasting: whoever does so runs it.

    It calls one of our own commands with words that are plain or quoted, and does nothing else.
    """
    try:
        words = shlex.split(line)
    except ValueError:
        return False
    ours = bool(words) and words[0] in _COMMANDS
    return ours and line.isprintable() and shlex.join(words) == line


def _tree(branches: Sequence[Branch], width: int | None, indent: str = "") -> Iterator[str]:
    for number, one in enumerate(branches, 1):
        last = number == len(branches)
        line = f"{indent}{'`-' if last else '|-'} {plain(one.text)}"
        if one.text:
            yield line if width is None else _fitted(line, width, right=False).rstrip()
        if one.paste:
            # As it is, however long, and nothing but space before it: so that it can be pasted.
            yield f"{' ' * (len(indent) + 3)}{one.paste}"
        yield from _tree(one.below, width, f"{indent}{'   ' if last else '|  '}")


def _list(branches: Sequence[Branch], indent: str = "") -> Iterator[str]:
    for one in branches:
        code = f"`{one.paste}`" if one.paste and "`" not in one.paste else _escaped(one.paste)
        yield f"{indent}- {' '.join(filter(None, (_escaped(one.text), code)))}"
        yield from _list(one.below, f"{indent}  ")


def _aligned(table: Table, width: int | None, *, coloured: bool) -> str:
    rows = [tuple(plain(cell) for cell in row) for row in table.rows]
    headings = [tuple(plain(one) for one in table.headings)] if any(table.headings) else []
    columns = list(zip(*headings, *rows, strict=True))
    widths = [max(map(_columns, column)) for column in columns]
    if width is not None:
        _narrow(widths, width)
    right = _to_the_right(table)
    lines = [plain(table.title)] if table.title else []
    for row in [*headings, *rows]:
        cells = [
            _coloured(cell, _fitted(cell, size, right=one), table if coloured else None)
            for cell, size, one in zip(row, widths, right, strict=True)
        ]
        lines.append(_GAP.join(cells).rstrip())
    return "\n".join(lines)


def _coloured(cell: str, fitted: str, table: Table | None) -> str:
    """A cell as it fits, in the colour that a table has for it."""
    colour = None if table is None else table.colours.get(cell)
    return fitted if colour is None else f"\x1b[{colour}m{fitted}\x1b[0m"


def _narrow(widths: list[int], width: int) -> None:
    """Take from the widest column until the row fits, or nothing more can be taken."""
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while over > 0 and max(widths) > _NARROWEST:
        at = widths.index(max(widths))
        second = max([size for size in widths if size < widths[at]], default=_NARROWEST)
        less = min(over, widths[at] - max(second, _NARROWEST)) or 1
        widths[at] -= less
        over -= less


def _fitted(cell: str, size: int, *, right: bool) -> str:
    while _columns(cell) > size:
        cell = f"{cell.removesuffix('…')[:-1]}…"
    space = " " * (size - _columns(cell))
    return space + cell if right else cell + space


def _to_the_right(table: Table) -> list[bool]:
    """Which columns hold numbers alone."""
    columns = zip(*table.rows, strict=True) if table.rows else ([] for _ in table.headings)
    return [
        bool(column) and all(_NUMBER.fullmatch(cell) for cell in column) and set(column) != {"-"}
        for column in map(list, columns)
    ]


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    narrow = sum(unicodedata.combining(char) > 0 for char in text)
    return len(text) + wide - narrow


def _row(cells: tuple[str, ...] | list[str], *, escape: bool = True) -> str:
    return f"| {' | '.join(_escaped(cell) if escape else cell for cell in cells)} |"


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\1", plain(text)).replace("&", "&amp;")
