"""What each system's files and webhooks can become, and which tests of controls read that.

`python -m tests.house.proving` writes docs/integrations/controls.md; a test compares it.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import re
from pathlib import Path
from typing import Final

from domain.events.controls import CONTROLS
from domain.events.registry import TYPES
from intake.registry import FORMATS

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "integrations" / "controls.md"
_INDEX: Final = PAGE.with_name("README.md")
_ROW: Final = re.compile(
    r"^\| ([^|]*) \| `([a-z0-9-]+)` \|.*\[[^]]*\]\(([a-z0-9-]+\.md)\) \|$", re.MULTILINE
)
_PREFIX: Final = "pipeledger."
_HEAD: Final = """\
# What each system proves

For each page of the [index](README.md): the types of events that its formats can become, and the
tests of controls ([the catalogue](../compliance.md)) that read such events. A test needs
further facts, of a certain assurance, in order: what it came to, `pipeledger query compliance`
says, and what is missing too. Made from the code by `make generate`.

| system | becomes | read by |
|---|---|---|
"""


def page() -> str:
    """The page as the code has it."""
    found: dict[str, set[str]] = {}
    rows = {name: file for _, name, file in _ROW.findall(_INDEX.read_text())}
    for one in FORMATS:
        module = one.read.__module__
        found.setdefault(rows[one.name], set()).update(_types(module))
    return _HEAD + "".join(
        f"| [{file.removesuffix('.md')}]({file}) | {_told(types)} | {_tests(types)} |\n"
        for file, types in sorted(found.items())
    )


def _told(types: set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(types))


def _tests(types: set[str]) -> str:
    # A test that reads every event says nothing of a system.
    named = [
        one.id
        for one in CONTROLS
        if one.types and any(kind.removeprefix(_PREFIX) in types for kind in one.types)
    ]
    return ", ".join(named) or "none"


def _types(module: str) -> set[str]:
    """The types that a module and what it imports of intake name."""
    found: set[str] = set()
    seen = {"intake.registry"}
    waiting = [module]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            named, imported = _said(one)
            found |= named
            waiting += imported
    return found


@functools.cache
def _said(module: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """The types that a module names itself, and what it imports of intake."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return frozenset(), ()
    known = {name.removeprefix(_PREFIX) for name in TYPES}
    found: set[str] = set()
    imported: list[str] = []
    for node in ast.walk(ast.parse(Path(spec.origin).read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= known & {node.value.removeprefix(_PREFIX).removesuffix(".v1")}
        elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            # A family whose last word is put to it: all of it.
            family = str(node.values[0].value)
            found |= {name for name in known if family.endswith(".") and name.startswith(family)}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("intake"):
            base = str(node.module)
            inner = (f"{base}.{name.name}" for name in node.names)
            imported += [base, *filter(_is_module, inner)]
    return frozenset(found), tuple(imported)


@functools.cache
def _is_module(name: str) -> bool:
    path = ROOT / Path(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


if __name__ == "__main__":
    PAGE.write_text(page())
