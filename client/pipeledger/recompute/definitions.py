"""Definitions: one SELECT a table, and steps; what they need, and the digest over them.

    facts     from `events` alone, one row an event, or from `documents` alone, one row a line
    tables    from facts, tables and steps
    metrics   from tables
    controls  from facts, tables and controls
    steps     a function over tables: the first line says `# name = function(table, ...)`

The digest of a table covers the text of its definition, of all that it needs and of the facts that
say what counts no more, names included.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from pipeledger.verifier.wire import UncheckedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LAYERS = ("facts", "tables", "metrics", "controls", "steps")
VOIDS = "corrections"
"""The facts that say which events count no more; they are always needed."""
NAME = re.compile("[a-z][a-z0-9_]{0,62}")
_COMMENT = re.compile("--[^\n]*")
_STRING = re.compile("'[^']*'")
_READ = re.compile(r"\b(?:FROM|JOIN)\s+([a-z][a-z0-9_]*)\b")
_CALL = re.compile(r"# ([a-z0-9_]+) = ([a-z0-9_]+)\(([a-z0-9_, ]*)\)\n")


@dataclass(frozen=True)
class Definition:
    """What makes one table.

    Attributes:
        name: of the table.
        layer: one of LAYERS.
        text: of the file.
        function: of a step, what it calls.
        given: of a step, the tables that it is given, in this order.
    """

    name: str
    layer: str
    text: str
    function: str = ""
    given: tuple[str, ...] = ()

    @property
    def base(self) -> str:
        """What facts are made from: `events` or `documents`."""
        return "documents" if "documents" in self.reads else "events"

    @property
    def reads(self) -> set[str]:
        """Names of what stands behind FROM and JOIN, or of what a step is given."""
        if self.layer == "steps":
            return set(self.given)
        bare = _STRING.sub("''", _COMMENT.sub("", self.text))
        found = set(_READ.findall(bare))
        return {name.removeprefix("all_") if name.endswith("_facts") else name for name in found}


@dataclass(frozen=True)
class Definitions:
    """All that came along.

    Attributes:
        known: by name.
    """

    known: Mapping[str, Definition] = field(repr=False)

    def in_order(self, names: Iterable[str]) -> list[Definition]:
        """These and all that they need, each after what it needs.

        Raises:
            UncheckedError: one is not there, or they need each other in a circle.
        """
        done: dict[str, Definition] = {}
        open_: set[str] = set()

        def visit(name: str) -> None:
            if name in done:
                return
            if name not in self.known:
                raise UncheckedError(f"the definition of {name} is not there")
            if name in open_:
                raise UncheckedError(f"the definition of {name} needs itself")
            open_.add(name)
            for need in sorted(self.known[name].reads & self.known.keys() - {name}):
                visit(need)
            done[name] = self.known[name]

        for name in names:
            visit(name)
        return list(done.values())

    def left_empty(self, tests: Iterable[str]) -> Definitions:
        """The same with these tests made of nothing: they have no row.

        Args:
            tests: names of tables of tests; whoever reads them reads others beside, by name.
        """
        empty = {
            name: Definition(name, "controls", "SELECT NULL::VARCHAR AS variant WHERE false")
            for name in tests
        }
        return Definitions({**self.known, **empty})

    def digest(self, names: Iterable[str]) -> str:
        """The digest over these, all that they need, and VOIDS, without which none is made."""
        whole = sha256()
        for one in sorted(self.in_order([VOIDS, *names]), key=lambda each: each.name):
            whole.update(f"{one.name} {sha256(one.text.encode()).hexdigest()}\n".encode())
        return f"sha256:{whole.hexdigest()}"


def read_definition(name: str, layer: str, text: str) -> Definition:
    """A definition as it came along.

    Raises:
        UncheckedError: nothing that this program knows.
    """
    if NAME.fullmatch(name) is None or layer not in LAYERS:
        raise UncheckedError("the definitions are of a kind that this program does not know")
    if layer != "steps":
        return Definition(name, layer, text)
    call = _CALL.match(text)
    if call is None or call[1] != name:
        raise UncheckedError(f"the step {name} does not say what it calls")
    given = tuple(word.strip() for word in call[3].split(",") if word.strip())
    return Definition(name, layer, text, call[2], given)
