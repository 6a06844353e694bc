"""The definitions: SQL files, each of one table, in four layers.

| layer | from | a file is |
|---|---|---|
| `facts` | `events` | typed rows of one family of events, one an event, no joins |
| | `documents` | typed rows of one kind of document, one a row of it, no joins |
| `tables` | facts and other tables | one table of the contract, or a step towards it |
| `metrics` | tables | numbers, in SQL that other engines run as well |
| `controls` | facts, tables, controls | what a test of a control came to, item by item |

Beside them stand the steps (`projections.steps`): walks over a graph, in Python.

A file is one SELECT. It names the tables it needs as if they were there; `parameters` is a table
of one row, and so is `chosen_rules`, which holds those of them that change what is taken to have
happened. `asked_from()` and `asked_until()` are the span in which all windows lie, as constants:
files in order of time are read no further than that. What a definition needs stands behind FROM
and JOIN in it, so no list of dependencies can be wrong.
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final, Literal

from projections.parameters import RULES
from projections.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

Layer = Literal["facts", "tables", "metrics", "controls", "steps"]
VOIDS: Final = "corrections"
"""The facts that all other facts hang on: what was voided is left out of them."""
LAYERS: Final[tuple[Layer, ...]] = ("facts", "tables", "metrics", "controls")
_COMMENT: Final = re.compile(r"--[^\n]*")
_SOURCE: Final = re.compile(r"\b(?:FROM|JOIN)\s+([a-z][a-z0-9_]*)\b")
_TEXT: Final = re.compile(r"'[^']*'")
_TYPE: Final = re.compile(r"'(pipeledger\.[a-z_]+\.[a-z_]+)'")
_CALL: Final = re.compile(r"\basked_(?:from|until)\(\)")


@dataclass(frozen=True, slots=True)
class Definition:
    """One table's definition.

    Attributes:
        name: of the table.
        layer: where it belongs.
        text: of the file.
        needs: names of the definitions that it is made from, directly.
    """

    name: str
    layer: Layer
    text: str
    needs: tuple[str, ...]

    @property
    def base(self) -> str:
        """What facts are made from: `events` or `documents`."""
        return "documents" if "documents" in _sources(self.text) else "events"

    @property
    def types(self) -> frozenset[str]:
        """The types of events that it names: facts are of no others."""
        return frozenset(_TYPE.findall(self.text))

    @property
    def reads(self) -> Sequence[str]:
        """The tables that it reads, each as often as it does."""
        return self.needs if self.layer == "steps" else _named(self.text)

    @property
    def digest(self) -> str:
        """SHA-256 of the text, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@functools.cache
def definitions() -> dict[str, Definition]:
    """All definitions by name."""
    folder = resources.files("projections") / "sql"
    texts: dict[str, tuple[Layer, str]] = {}
    for layer in LAYERS:
        for file in (folder / layer).iterdir():
            if file.name.endswith(".sql"):
                name = file.name.removesuffix(".sql")
                texts[name] = (layer, file.read_text(encoding="utf-8"))
    known = texts.keys() | STEPS.keys()
    found = {
        name: Definition(name, layer, text, tuple(sorted(_sources(text) & known - {name})))
        for name, (layer, text) in sorted(texts.items())
    }
    for name, step in STEPS.items():
        text = (resources.files("projections") / f"{step.module}.py").read_text(encoding="utf-8")
        # Which function runs over which tables is part of the definition, and of its digest.
        call = f"# {name} = {step.run.__name__}({', '.join(step.needs)})\n"
        found[name] = Definition(name, "steps", call + text, step.needs)
    return found


def in_order(names: Iterable[str], given: Container[str] = ()) -> list[Definition]:
    """These definitions and all that they need, each after what it needs.

    Args:
        names: of the definitions.
        given: names of tables that are there by another way, so that nothing is needed for them.

    Raises:
        KeyError: there is no definition of this name.
        ValueError: definitions need each other in a circle.
    """
    known = definitions()
    found: dict[str, Definition] = {}
    under_way: set[str] = set()

    def visit(name: str) -> None:
        if name in found or name in given:
            return
        if name in under_way:
            raise ValueError(f"{name} needs itself")
        under_way.add(name)
        for need in known[name].needs:
            visit(need)
        found[name] = known[name]

    for name in names:
        visit(name)
    return list(found.values())


def digest_of(names: Iterable[str]) -> str:
    """One digest over these definitions, all that they need, and VOIDS: `sha256:`, hexadecimal."""
    digest = hashlib.sha256()
    for one in sorted(in_order([VOIDS, *names]), key=lambda each: each.name):
        digest.update(f"{one.name} {one.digest}\n".encode())
    return f"sha256:{digest.hexdigest()}"


@functools.cache
def is_settled(name: str) -> bool:
    """Whether a table hangs on events and rules alone, neither on choices nor on documents.

    Raises:
        KeyError: there is no definition of this name.
    """
    return definitions()[name].layer != "facts" and not any(
        # Which controls are made is chosen, and stands in no definition.
        one.layer == "controls" or _sources(one.text) & {"parameters", "documents"}
        for one in in_order([name])
    )


@functools.cache
def read_by_choices() -> frozenset[str]:
    """The settled tables that are read directly by tables which hang on a choice.

    Of controls that says nothing: what these read is wanted by few, and is much.
    """
    needs = [
        one.needs for one in definitions().values()
        if one.layer not in ("facts", "controls") and not is_settled(one.name)
    ]  # fmt: skip
    return frozenset(name for name in set().union(*needs) if is_settled(name))


@functools.cache
def types_of(name: str) -> frozenset[str] | None:
    """The types of events that a table hangs on, those of voiding included; None: all.

    Raises:
        KeyError: there is no definition of this name.
    """
    facts = [one for one in in_order([name, VOIDS]) if one.layer == "facts"]
    if not all(one.types for one in facts):
        return None
    return frozenset().union(*[one.types for one in facts])


@functools.cache
def rules_of(name: str) -> frozenset[str]:
    """The parameters of `chosen_rules` that a table hangs on.

    Raises:
        KeyError: there is no definition of this name.
    """
    texts = [one.text for one in in_order([name]) if "chosen_rules" in _sources(one.text)]
    return frozenset(rule for rule in RULES if any(rule in text for text in texts))


@functools.cache
def _named(text: str) -> list[str]:
    bare = _TEXT.sub("''", _COMMENT.sub("", text))
    return _SOURCE.findall(bare) + ["parameters"] * bool(_CALL.search(bare))


def _sources(text: str) -> set[str]:
    # `all_x_facts` are the same facts with what was voided still among them.
    return {name.removeprefix("all_") if name.endswith("_facts") else name for name in _named(text)}
