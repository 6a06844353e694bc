"""Every error that the product defines is raised by a test, and by the product, for a reason.

A test *expects* a class where it stands in `pytest.raises` or in an `except`; or, in a file whose
`pytest.raises` takes a name from a table, where it stands in that file as an item. An error whose
name begins with an underscore is a matter of its own file.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
ROOMS: Final = (
    "domain", "store", "intake", "projections", "exporters", "api", "client/pipeledger",
)  # fmt: skip
_IMPORTS: Final = re.compile(r"^ *from [\w.]+ import (?:\([^)]*\)|.*)$", re.MULTILINE)
_CLASS: Final = re.compile(r"^ *class (\w+)\((.*)\):.*$", re.MULTILINE)
_NAME: Final = re.compile(r"\b_?[A-Z]\w+\b")
_MADE: Final = re.compile(r"\b(_?[A-Z]\w+)\(|\braise (_?[A-Z]\w+)")
_ITEM: Final = re.compile(r"\b(_?[A-Z]\w+)\b(?=\s*[,)\]}])")
_CAUGHT: Final = re.compile(r"\bexcept ([^:]*):|\bisinstance\(\w+, ([^)]*)\)")
_RAISES: Final = re.compile(r"\bpytest\.raises\(\s*([\w.]+|\([^)]*\))")
_TABLE: Final = re.compile(r"\bpytest\.raises\(\s*[a-z]")


@cache
def texts(*folders: str) -> tuple[str, ...]:
    """Each file below some folders that speaks of errors, without what it imports."""
    files = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    said = [file.read_text() for file in files]
    return tuple(_IMPORTS.sub("", one) for one in said if "Error" in one or "raises" in one)


def found(pattern: re.Pattern[str], text: str) -> set[str]:
    """The names in what a pattern captures."""
    return {name for hit in pattern.finditer(text) for part in hit.groups()
            for name in _NAME.findall(part or "")}  # fmt: skip


@cache
def errors() -> dict[str, set[str]]:
    """Each error of the product, and what it is derived from."""
    classes = {
        name: {*_NAME.findall(bases)}
        for text in texts(*ROOMS)
        for name, bases in _CLASS.findall(text)
    }
    known = {"Exception"}
    while more := {name for name, bases in classes.items() if bases & known} - known:
        known |= more
    return {name: classes[name] for name in known - {"Exception"}}


@cache
def made() -> set[str]:
    """The names of all that the product makes or raises."""
    return set[str]().union(*(found(_MADE, _CLASS.sub("", text)) for text in texts(*ROOMS)))


def test_every_error_is_raised_by_a_test() -> None:
    """Under its own name: its parent's would be met by any other."""
    seen = set[str]()
    for text in texts("tests"):
        seen |= found(_RAISES, text) | found(_CAUGHT, text)
        if _TABLE.search(text) is not None:
            seen |= found(_ITEM, text)
    raised = {name for name in errors().keys() & made() if not name.startswith("_")}
    assert len(raised) > 25
    assert raised - seen == set()


def test_every_error_is_made_and_told_apart() -> None:
    """One that nothing makes, or that nobody treats otherwise than its parent, is one too many."""
    bodies = [_CLASS.sub("", text) for text in texts(*ROOMS)]
    treated = set[str]().union(*(found(_CAUGHT, one) | found(_ITEM, one) for one in bodies))
    parents = set[str]().union(*errors().values())
    assert errors().keys() - made() - parents == set()
    assert errors().keys() - treated == set()
