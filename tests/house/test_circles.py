"""No two files of the product need each other, not even for the sake of types."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
ROOMS = ("domain", "store", "intake", "projections", "exporters", "api", "client/pipeledger")


def modules() -> dict[str, Path]:
    """Files by the name that they are imported by."""
    found = {}
    for room in ROOMS:
        base = (ROOT / room).parent
        for path in (ROOT / room).rglob("*.py"):
            parts = path.relative_to(base).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules of ours that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            within = {f"{node.module}.{one.name}" for one in node.names} & known.keys()
            yield from within or {node.module} & known.keys()
        elif isinstance(node, ast.Import):
            yield from {one.name for one in node.names} & known.keys()


def test_no_files_need_each_other() -> None:
    """So each can be read after those that it names."""
    known = modules()
    assert len(known) > 700
    graph = {name: set(imported(path, known)) - {name} for name, path in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" needs ".join(error.args[1]))
