"""What an answer was asked: its parameters, and which rows of which tables it has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeledger.recompute.rows import INSTANT
from pipeledger.verifier.wire import UncheckedError, UnsoundError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIRST = datetime(1, 1, 2, tzinfo=UTC)
_LAST = datetime(9999, 12, 30, tzinfo=UTC)
_NUMBER, _TRUTH, _WORD = pa.int64(), pa.bool_(), pa.string()
PARAMETERS: dict[str, tuple[pa.DataType, object]] = {
    "known_at": (_NUMBER, None),
    "window_from": (INSTANT, _FIRST),
    "window_to": (INSTANT, _LAST),
    "at": (INSTANT, _LAST),
    "tz": (_WORD, "UTC"),
    "bucket": (_WORD, "none"),
    "attribution_window_s": (_NUMBER, 86_400),
    "infer_rollback": (_TRUTH, True),
    "commit_time_basis": (_WORD, "authored"),
    "count_redeploys": (_TRUTH, False),
    "baseline_from": (INSTANT, None),
    "baseline_to": (INSTANT, None),
    "group_by": (_WORD, "none"),
    "service": (_WORD, None),
    "team": (_WORD, None),
    "environment": (_WORD, None),
    "repository": (_WORD, None),
    "release": (_WORD, None),
    "stale_after_s": (_NUMBER, None),
    "trace": (_WORD, None),
    "controls": (_WORD, None),
}
"""Every parameter: its type, and what it is where an answer leaves it open."""
_COLUMN = re.compile("[a-z][a-z0-9_]{0,62}")
_LONGEST = 10_000
_AT = '(SELECT p."at" FROM parameters AS p)'
_FROM = "(SELECT window_from FROM parameters)"
_TO = "(SELECT window_to FROM parameters)"


@dataclass(frozen=True)
class Selection:
    """Rows of one table of an answer.

    Attributes:
        table: its name.
        equals: columns and the values that they have.
        contains: columns that are lists, and a value that is in them.
        holding: columns of the ends of a span in which the parameter `at` lies, or nothing.
        during: column of an instant in the window, or nothing.
        order: columns that put the rows in order; `-` before one that falls.
        offset: rows passed over.
        limit: at most so many; None: all.
    """

    table: str
    equals: Mapping[str, str]
    contains: Mapping[str, str]
    holding: tuple[str, ...]
    during: str
    order: tuple[str, ...]
    offset: int
    limit: int | None

    @property
    def statement(self) -> tuple[str, list[str]]:
        """The SQL that gives the rows, and the values of its placeholders."""
        where = [f'"{column}" = ?' for column in self.equals]
        where += [f'list_contains("{column}", ?)' for column in self.contains]
        if self.holding:
            where += [f'{_AT} >= "{self.holding[0]}"', f'{_AT} < "{self.holding[1]}"']
        if self.during:
            where += [f'"{self.during}" >= {_FROM}', f'"{self.during}" < {_TO}']
        order = [
            f'"{column.removeprefix("-")}" {"DESC" if column[0] == "-" else "ASC"} NULLS LAST'
            for column in self.order
        ]
        text = f'SELECT * FROM "{self.table}"'  # noqa: S608 - names of letters, digits, _
        text += f" WHERE {' AND '.join(where)}" if where else ""
        text += f" ORDER BY {', '.join(order)}" if order else ""
        text += "" if self.limit is None else f" LIMIT {self.limit}"
        return f"{text} OFFSET {self.offset}", [*self.equals.values(), *self.contains.values()]


def parameters_of(told: Any) -> pa.Table:  # noqa: ANN401 - JSON
    """The one row of the table `parameters` that an answer's parameters make.

    Raises:
        UncheckedError: a parameter that this program does not know.
        UnsoundError: a parameter that is none.
    """
    if not isinstance(told, dict):
        raise UnsoundError(None, "answer: without its parameters")
    if unknown := sorted(told.keys() - PARAMETERS.keys()):
        raise UncheckedError(
            f"the parameter {unknown[0][:60]} is not known to this program", "update pipeledger"
        )
    try:
        return pa.table({
            name: pa.array([_value(told[name], kind) if name in told else left_open], kind)
            for name, (kind, left_open) in PARAMETERS.items()
        })  # fmt: skip
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise UnsoundError(None, f"answer: a parameter is none ({error})") from error


def selections_of(told: Any) -> list[Selection]:  # noqa: ANN401 - JSON
    """The selections that an answer states.

    Raises:
        UnsoundError: they are none.
    """
    try:
        found = [_selection(one) for one in told]
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise UnsoundError(None, "answer: it does not say which rows it has") from error
    if not found or len({one.table for one in found}) != len(found):
        raise UnsoundError(None, "answer: it does not say which rows it has")
    return found


def _selection(one: Any) -> Selection:  # noqa: ANN401 - JSON
    limit = one["limit"]
    return Selection(
        _names([one["table"]])[0],
        _values(one["equals"]),
        _values(one.get("contains") or {}),
        _names(one.get("holding") or [], 2),
        _names([one["during"]])[0] if one["during"] else "",
        _names(one["order"], sign="-"),
        _count(one["offset"]),
        None if limit is None else _count(limit),
    )


def _names(told: Sequence[Any], length: int | None = None, *, sign: str = "") -> tuple[str, ...]:
    for name in told:
        if _COLUMN.fullmatch(name.removeprefix(sign)) is None:
            raise ValueError(name)
    if told and length is not None and len(told) != length:
        raise ValueError(length)
    return tuple(told)


def _values(told: dict[str, Any]) -> dict[str, str]:
    _names(list(told))
    if not all(isinstance(value, str) and len(value) <= _LONGEST for value in told.values()):
        raise ValueError(told)
    return dict(told)


def _count(told: Any) -> int:  # noqa: ANN401 - JSON
    if type(told) is not int or told < 0:
        raise ValueError(told)
    return told


def _value(told: Any, kind: pa.DataType) -> Any:  # noqa: ANN401 - JSON
    if kind != INSTANT:
        return told
    found = datetime.fromisoformat(told)
    if found.tzinfo is None:
        raise ValueError(told)
    return found
