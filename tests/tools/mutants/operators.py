"""The mutants of a file: its code with one small thing wrong.

What is tried: comparisons at their boundary and turned round, each operand of `and` and `or` left
out, arithmetic and bits, numbers one off, truth values, `not`, `any` for `all`, one bound of a
slice, one side of a choice, a filter, a return without its value; raising, calling and changing
left out. Not touched: texts, types, decorators, what a raised error says.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType

MODULE: Final = "<module>"
"""Where a mutant is that lies in no function."""

_TURNED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_OTHER: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr,
}  # fmt: skip
_SWAPPED: Final = {"any": "all", "all": "any", "min": "max", "max": "min"}
_LEFT: Final = frozenset({"annotation", "returns", "decorator_list"})
"""Fields that say nothing at run time, or say it of the whole function."""


@dataclass(frozen=True)
class Mutant:
    """A file with one small thing wrong.

    Attributes:
        line: where.
        function: its qualified name, or MODULE.
        was: the statement as it is, without what stands under it.
        now: the statement as it would be.
        code: of the whole file.
    """

    line: int
    function: str
    was: str
    now: str
    code: CodeType


def mutants_of(source: str, name: str) -> Iterator[Mutant]:
    """Each mutant of a file, in the order of its lines.

    Args:
        source: its text.
        name: the file, as its code is to say.
    """
    tree = ast.parse(source)
    seen: Counter[tuple[str, str, str]] = Counter()
    for spot in _Finder().under(tree):
        was = _headed(spot.statement)
        for new in _instead_of(spot.node):
            spot.put(ast.copy_location(new, spot.node))
            now = _headed(new if spot.node is spot.statement else spot.statement)
            code = compile(ast.fix_missing_locations(tree), name, "exec", dont_inherit=True)
            spot.put(spot.node)
            seen[spot.function, was, now] += 1
            again = seen[spot.function, was, now]
            yield Mutant(
                spot.statement.lineno if isinstance(spot.node, ast.stmt) else spot.line,
                spot.function, was, now if again == 1 else f"{now}  # {again}", code,
            )  # fmt: skip


@dataclass(frozen=True)
class _Spot:
    node: ast.AST
    put: Callable[[ast.AST], None]
    statement: ast.stmt
    function: str

    @property
    def line(self) -> int:
        return getattr(self.node, "lineno", self.statement.lineno)


class _Finder:
    """Walks a file; remembers in which function and statement it is."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._function: str | None = None

    def under(self, parent: ast.AST, statement: ast.stmt | None = None) -> Iterator[_Spot]:
        """What may be altered below a node."""
        for field, value in ast.iter_fields(parent):
            if field in _LEFT:
                continue
            if isinstance(value, list):
                for at, child in enumerate(value):
                    if isinstance(child, ast.AST):
                        yield from self._at(child, _into(value, at), statement)
            elif isinstance(value, ast.AST):
                yield from self._at(value, _onto(parent, field), statement)

    def _at(
        self, node: ast.AST, put: Callable[[ast.AST], None], statement: ast.stmt | None
    ) -> Iterator[_Spot]:
        if _passed_over(node):
            return
        statement = node if isinstance(node, ast.stmt) else statement
        outer = self._function
        is_class = isinstance(node, ast.ClassDef)
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            self._names.append(node.name)
            # A function in a function is part of it.
            self._function = outer or (None if is_class else ".".join(self._names))
        if statement is not None:
            yield _Spot(node, put, statement, self._function or MODULE)
        if not isinstance(node, ast.Raise):
            yield from self.under(node, statement)
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            self._names.pop()
            self._function = outer


def _into(values: list[ast.AST], at: int) -> Callable[[ast.AST], None]:
    def put(new: ast.AST) -> None:
        values[at] = new

    return put


def _onto(parent: ast.AST, field: str) -> Callable[[ast.AST], None]:
    return lambda new: setattr(parent, field, new)


def _passed_over(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Assert():
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.ClassDef(bases=[ast.Name(id="Protocol")]):
            return True
        case ast.Call(func=ast.Name(id="field")):
            return True
    return False


def _headed(statement: ast.AST) -> str:
    """A statement as one line, without what stands under it."""
    head = copy.copy(statement)
    for under in ("body", "orelse", "handlers", "finalbody"):
        if isinstance(getattr(head, under, None), list):
            setattr(head, under, [ast.Pass()] if under == "body" else [])
    if isinstance(head, ast.FunctionDef | ast.ClassDef):
        head.decorator_list = []
    said = ast.unparse(head)
    return said.partition("\n")[0] if isinstance(getattr(head, "body", None), list) else said


def _changed(node: ast.AST, **fields: object) -> ast.AST:
    new = copy.copy(node)
    for field, value in fields.items():
        setattr(new, field, value)
    return new


def _instead_of(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in a node's place."""
    if isinstance(node, ast.stmt):
        yield from _statements(node)
    elif isinstance(node, ast.comprehension):
        for at in range(len(node.ifs)):
            yield _changed(node, ifs=node.ifs[:at] + node.ifs[at + 1 :])
    elif isinstance(node, ast.Slice):
        for bound in ("lower", "upper", "step"):
            if getattr(node, bound) is not None:
                yield _changed(node, **{bound: None})
    elif isinstance(node, ast.expr):
        yield from _operators(node)
        yield from _values(node)


def _statements(node: ast.stmt) -> Iterator[ast.AST]:
    match node:
        case ast.Raise() | ast.Break() | ast.Continue():
            yield ast.Pass()
        case ast.Expr(value=ast.Call()) | ast.Delete(targets=[ast.Subscript()]):
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.AugAssign(op=op):
            yield ast.Pass()
            if (other := _OTHER.get(type(op))) is not None:
                yield _changed(node, op=other())
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield _changed(node, value=ast.Constant(None))
        case ast.If(body=body):
            yield _changed(node, test=ast.Constant(value=True))
            if not (len(body) == 1 and isinstance(body[0], ast.Raise) and not node.orelse):
                yield _changed(node, test=ast.Constant(value=False))
        case ast.While():
            yield _changed(node, test=ast.Constant(value=False))


def _operators(node: ast.expr) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=ops):
            for at, op in enumerate(ops):
                turned = _TURNED[type(op)]()
                yield _changed(node, ops=[*ops[:at], turned, *ops[at + 1 :]])
        case ast.BoolOp(values=values):
            for at in range(len(values)):
                rest = values[:at] + values[at + 1 :]
                yield rest[0] if len(rest) == 1 else _changed(node, values=rest)
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert(), operand=operand):
            yield operand
        case ast.BinOp(op=op) if not _text(node.left) and not _text(node.right):
            if (other := _OTHER.get(type(op))) is not None:
                yield _changed(node, op=other())


def _values(node: ast.expr) -> Iterator[ast.AST]:
    match node:
        case ast.Constant(value=bool() as said):
            yield ast.Constant(not said)
        case ast.Constant(value=int() as number):
            yield ast.Constant(number + 1)
            yield ast.Constant(number - 1)
        case ast.IfExp(body=body, orelse=orelse):
            yield body
            yield orelse
        case ast.Name(id=name) if name in _SWAPPED:
            yield _changed(node, id=_SWAPPED[name])


def _text(node: ast.expr) -> bool:
    """Whether an operand says that joining or filling in is meant, which has no opposite."""
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )
