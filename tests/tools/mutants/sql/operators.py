"""The mutants of a definition: its SQL with one small thing wrong.

DuckDB's own parser reads the text and writes it again, so what is altered is what the engine
understands. What is tried: comparisons at their boundary and turned round; each operand of AND, OR
and coalesce, each value of IN, each bound of BETWEEN, each branch of CASE and UNION, each column of
PARTITION BY left out; conditions of WHERE, ON, QUALIFY and FILTER left out; DISTINCT left out;
LEFT JOIN as JOIN; min for max and their like; orders turned round or without a column; plus for
minus; numbers one off; truth values, NOT and IS NULL turned round. Not touched: texts, casts, the
order of a table's rows, which is no promise, numbers that are only counted, and those so large that
they only keep others apart.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import duckdb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Node = dict[str, Any]

_TURNED: Final = {
    "COMPARE_LESSTHAN": "COMPARE_LESSTHANOREQUALTO",
    "COMPARE_LESSTHANOREQUALTO": "COMPARE_LESSTHAN",
    "COMPARE_GREATERTHAN": "COMPARE_GREATERTHANOREQUALTO",
    "COMPARE_GREATERTHANOREQUALTO": "COMPARE_GREATERTHAN",
    "COMPARE_EQUAL": "COMPARE_NOTEQUAL",
    "COMPARE_NOTEQUAL": "COMPARE_EQUAL",
    "COMPARE_DISTINCT_FROM": "COMPARE_NOT_DISTINCT_FROM",
    "COMPARE_NOT_DISTINCT_FROM": "COMPARE_DISTINCT_FROM",
    "OPERATOR_IS_NULL": "OPERATOR_IS_NOT_NULL",
    "OPERATOR_IS_NOT_NULL": "OPERATOR_IS_NULL",
}
_PAIRS: Final = (
    ("min", "max"), ("arg_min", "arg_max"), ("first", "last"), ("least", "greatest"),
    ("bool_or", "bool_and"), ("lag", "lead"), ("first_value", "last_value"), ("+", "-"),
    ("*", "/"),
)  # fmt: skip
_OTHER: Final = dict(_PAIRS) | {two: one for one, two in _PAIRS}
_WINDOWS: Final = {
    "WINDOW_LAG": "WINDOW_LEAD", "WINDOW_LEAD": "WINDOW_LAG",
    "WINDOW_FIRST_VALUE": "WINDOW_LAST_VALUE", "WINDOW_LAST_VALUE": "WINDOW_FIRST_VALUE",
}  # fmt: skip
_DROPPABLE: Final = frozenset({"CONJUNCTION_AND", "CONJUNCTION_OR", "OPERATOR_COALESCE"})
_CONDITIONS: Final = ("where_clause", "having", "qualify", "filter", "filter_expr")
_CONTEXT: Final = 3
_ENDS: Final = 20
_LARGE: Final = 10**12
_NOWHERE: Final = 1 << 32
"""At least so far is what the parser made up itself."""


@dataclass(frozen=True)
class Mutant:
    """A definition with one small thing wrong.

    Attributes:
        line: of the file, where.
        was: the words around it as they are.
        now: the same words as they would be.
        text: of the whole definition.
    """

    line: int
    was: str
    now: str
    text: str


class Parser:
    """DuckDB's parser."""

    def __init__(self) -> None:
        self._database = duckdb.connect()

    def tree(self, text: str) -> Node:
        """What a statement says."""
        tree: Node = json.loads(self._said("json_serialize_sql", text))
        if tree["error"]:
            raise ValueError(tree["error_message"])
        return tree

    def text(self, tree: Node) -> str:
        """A statement that says so."""
        return self._said("json_deserialize_sql", json.dumps(tree))

    def _said(self, function: str, given: str) -> str:
        row = self._database.execute(f"SELECT {function}(?)", [given]).fetchone()
        return str(row and row[0])


def mutants_of(text: str, parser: Parser) -> Iterator[Mutant]:
    """Each mutant of a definition."""
    tree = parser.tree(text)
    plain = parser.text(tree)
    raw = text.encode()
    seen: Counter[tuple[str, str]] = Counter()
    for spot in _spots(tree["statements"][0], 0, is_counted=False):
        for new in _instead_of(spot.node):
            if "alias" in new and spot.node.get("alias"):
                new["alias"] = spot.node["alias"]
            spot.put(new)
            altered = parser.text(tree)
            spot.put(spot.node)
            if altered == plain:
                raise ValueError(f"not altered: {spot.node}")
            was, now = _difference(plain, altered)
            seen[was, now] += 1
            again = seen[was, now]
            line = raw[: spot.location].count(b"\n") + 1
            yield Mutant(line, was, now if again == 1 else f"{now} -- {again}", altered)


@dataclass(frozen=True)
class _Spot:
    node: Node
    put: Callable[[Node], None]
    location: int


def _spots(value: Any, location: int, *, is_counted: bool) -> Iterator[_Spot]:  # noqa: ANN401 - JSON
    """Every node under a value, with how to put another in its place."""
    if isinstance(value, dict):
        is_counted |= value.get("function_name") == "count"
    for key, child in _items(value):
        told = child.get("query_location", _NOWHERE) if isinstance(child, dict) else _NOWHERE
        at = location if told >= _NOWHERE else told
        counted = is_counted and key != "filter"
        if isinstance(child, dict) and not (counted and child.get("class") == "CONSTANT"):
            yield _Spot(child, functools.partial(value.__setitem__, key), at)
        yield from _spots(child, at, is_counted=counted)


def _items(value: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def _instead_of(node: Node) -> Iterator[Node]:
    """What may stand in a node's place."""
    yield from _without_conditions(node)
    yield from _with_other_orders(node)
    match node:
        case {"class": "FUNCTION" | "WINDOW"}:
            yield from _other_functions(node)
        case {"class": "CONSTANT", "literal": literal}:
            for text in _other_literals(literal["kind"], literal["text"]):
                yield node | {"literal": literal | {"text": text}}
        case {"class": _}:
            yield from _other_expressions(node)
        case {"type": "JOIN"}:
            yield from _other_joins(node)
        case {"type": "SET_OPERATION_NODE"}:
            yield from _other_unions(node)


def _other_expressions(node: Node) -> Iterator[Node]:
    kind = node["type"]
    if kind in _TURNED:
        yield node | {"type": _TURNED[kind]}
    match node:
        case {"children": parts} if kind in _DROPPABLE:
            for rest in _without_one(parts):
                yield rest[0] | {} if len(rest) == 1 else node | {"children": rest}
        case {"type": "OPERATOR_NOT", "children": [one]}:
            yield one | {}
        case {"type": "COMPARE_IN" | "COMPARE_NOT_IN", "children": [one, *listed]}:
            for rest in _without_one(listed) if len(listed) > 1 else ():
                yield node | {"children": [one, *rest]}
        case {"type": "COMPARE_BETWEEN", "input": one, "lower": lower, "upper": upper}:
            compared = {"class": "COMPARISON", "alias": "", "left": one}
            yield compared | {"type": "COMPARE_GREATERTHANOREQUALTO", "right": lower}
            yield compared | {"type": "COMPARE_LESSTHANOREQUALTO", "right": upper}
        case {"class": "CASE"}:
            yield from _other_cases(node)


def _other_cases(node: Node) -> Iterator[Node]:
    for rest in _without_one(node["case_checks"]):
        yield node | {"case_checks": rest} if rest else node["else_expr"] | {}
    if node["else_expr"].get("literal", {}).get("kind") != "NULL_LITERAL":
        yield node | {"else_expr": _constant("NULL_LITERAL", "")}


def _without_conditions(node: Node) -> Iterator[Node]:
    for name in _CONDITIONS:
        condition = node.get(name)
        # The parts of a conjunction are left out one by one.
        if condition is not None and condition["type"] != "CONJUNCTION_AND":
            yield node | {name: None}
    if node.get("distinct"):
        yield node | {"distinct": False}
    for rest, one in _with_left_out(node.get("modifiers", [])):
        if one["type"] == "DISTINCT_MODIFIER":
            yield node | {"modifiers": rest}


def _with_other_orders(node: Node) -> Iterator[Node]:
    if isinstance(node.get("order_bys"), dict):
        for orders in _other_orders(node["order_bys"]["orders"]):
            yield node | {"order_bys": node["order_bys"] | {"orders": orders}}
    for name in ("orders", "arg_orders"):
        if node.get("class") == "WINDOW":
            for orders in _other_orders(node[name]):
                yield node | {name: orders}
    modifiers = node.get("modifiers", [])
    if len(modifiers) > 1:
        for at, one in enumerate(modifiers):
            for orders in _other_orders(one.get("orders", [])):
                yield node | {
                    "modifiers": [*modifiers[:at], one | {"orders": orders}, *modifiers[at + 1 :]]
                }


def _other_orders(orders: list[Node]) -> Iterator[list[Node]]:
    for at, one in enumerate(orders):
        turned = "ASCENDING" if one["type"] == "DESCENDING" else "DESCENDING"
        yield [*orders[:at], one | {"type": turned}, *orders[at + 1 :]]
    if len(orders) > 1:
        yield from _without_one(orders)


def _other_functions(node: Node) -> Iterator[Node]:
    name, given = node["function_name"], node["arguments"]
    if name in _OTHER and not (node.get("is_operator") and len(given) == 1):
        yield node | {
            "function_name": _OTHER[name], "qualified_name": {"path": [_OTHER[name]]},
            "type": _WINDOWS.get(node["type"], node["type"]),
        }  # fmt: skip
    if name == "list_distinct":
        yield given[0]["expression"] | {}
    if len(node.get("partitions", [])) > 0:
        for rest in _without_one(node["partitions"]):
            yield node | {"partitions": rest}


def _other_joins(node: Node) -> Iterator[Node]:
    if node["join_type"] == "LEFT":
        yield node | {"join_type": "INNER"}
    condition = node["condition"]
    if condition is not None and condition["type"] != "CONJUNCTION_AND":
        yield node | {"condition": _constant("BOOLEAN", "true")}
    if len(node["using_columns"]) > 1:
        for rest in _without_one(node["using_columns"]):
            yield node | {"using_columns": rest}


def _other_unions(node: Node) -> Iterator[Node]:
    if node["setop_type"] == "UNION":
        yield node | {"setop_all": not node["setop_all"]}
    # What a union's columns are called is what its first part calls them.
    first = node["children"][0]
    names = [one["alias"] or one.get("column_names", [""])[-1] for one in _selected(first)]
    for rest in _without_one(node["children"]):
        head, tail = rest[0], rest[1:]
        if head is not first and len(names) == len(head.get("select_list", [])) and all(names):
            head = head | {
                "select_list": [
                    one | {"alias": name}
                    for one, name in zip(head["select_list"], names, strict=True)
                ]
            }
        yield node | {"children": [head, *tail]} if tail else head | {}


def _selected(node: Node) -> list[Node]:
    while "select_list" not in node:
        node = node["children"][0]
    selected: list[Node] = node["select_list"]
    return selected


def _other_literals(kind: str, text: str) -> Iterator[str]:
    if kind == "BOOLEAN":
        yield "false" if text == "true" else "true"
    elif kind == "INTEGER" and int(text) < _LARGE:
        yield str(int(text) + 1)
        yield str(int(text) - 1)
    elif kind == "NUMERIC":
        step = Decimal(1).scaleb(int(Decimal(text).as_tuple().exponent))
        yield str(Decimal(text) + step)
        yield str(Decimal(text) - step)


def _constant(kind: str, text: str) -> Node:
    return {
        "class": "CONSTANT", "type": "VALUE_CONSTANT", "alias": "",
        "literal": {"kind": kind, "text": text},
    }  # fmt: skip


def _with_left_out(items: list[Node]) -> Iterator[tuple[list[Node], Node]]:
    for at, one in enumerate(items):
        yield [*items[:at], *items[at + 1 :]], one


def _without_one(items: list[Any]) -> Iterator[list[Any]]:
    for at in range(len(items)):
        yield [*items[:at], *items[at + 1 :]]


def _difference(was: str, now: str) -> tuple[str, str]:
    """The words in which two texts differ, with some around them."""
    old, new = was.split(), now.split()
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    start = max(0, start - _CONTEXT)
    end = max(0, end - _CONTEXT)
    return _shown(old[start : len(old) - end]), _shown(new[start : len(new) - end])


def _shown(words: list[str]) -> str:
    """The words, or those at both ends: what differs is there."""
    if len(words) > 2 * _ENDS:
        words = [*words[:_ENDS], "…", *words[-_ENDS:]]
    return " ".join(words)
