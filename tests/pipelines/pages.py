"""The shell parts of the pages on pipelines, as each system writes them down."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pipelines"
_FENCE = re.compile(r"^```(?:yaml|groovy|sh) (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FACTS = re.compile(r"^## What the ledger then has\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_TYPE = re.compile(r"`([a-z]+(?:\.[a-z]+)+)`")
_KEY = re.compile(r"( *(?:- )?)(?:run|script): (.*)")
_LIST = re.compile(r"( *)(?:script|after_script):")
_GROOVY = re.compile(r"\bsh (?:'''(.*?)'''|'([^'\n]*)')", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One piece of shell.

    Attributes:
        system: whose page it is in.
        text: what the shell gets.
    """

    system: str
    text: str


def blocks_of(page: str) -> list[Block]:
    """All shell of a page, in its order."""
    return [
        Block(system, text) for system, code in _FENCE.findall(page) for text in shell(system, code)
    ]


def shell(system: str, code: str) -> list[str]:
    """The shell in a piece of a pipeline."""
    if system == "curl":
        return [code]
    if system == "jenkins":
        return [textwrap.dedent(one or other) for one, other in _GROOVY.findall(code)]
    lines = code.splitlines()
    found = []
    for number, line in enumerate(lines):
        if (key := _KEY.fullmatch(line)) and key[2] != "|":
            found.append(key[2])
        elif key:
            found.append(textwrap.dedent("\n".join(_inside(lines[number + 1 :], len(key[1])))))
        elif key := _LIST.fullmatch(line):
            elements = _inside(lines[number + 1 :], len(key[1]))
            found.append("\n".join(one.strip().removeprefix("- ") for one in elements))
    return found


def _inside(lines: list[str], column: int) -> list[str]:
    """The lines that belong to a key of YAML which stands in this column."""
    return list(takewhile(lambda one: not one.strip() or one[: column + 1].isspace(), lines))


def facts_of(page: str) -> set[str]:
    """The types that a page promises, from the first column of its table."""
    (table,) = _FACTS.findall(page)
    rows = [row for row in table.splitlines() if row.startswith("| `")]
    return {kind for row in rows for kind in _TYPE.findall(row.split("|")[1])}
