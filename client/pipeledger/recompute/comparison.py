"""Rows beside rows: what an answer says, and what its definitions give."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeledger.verifier.wire import UnsoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

_EQUAL = 1e-9
"""Sums in another order differ in their last digits: relative difference that counts as none."""
_SHOWN = 80


def compare(
    table: str, said: Sequence[dict[str, Any]], made: Sequence[dict[str, Any]], *, ordered: bool
) -> None:
    """Compare the rows of a table.

    Args:
        table: its name.
        said: the rows of the answer, as JSON.
        made: the rows that were made again, as Arrow gives them.
        ordered: the order of rows is part of the answer.

    Raises:
        UnsoundError: where they differ: table, row, column.
    """
    found = [{name: plain(value) for name, value in row.items()} for row in made]
    stated = list(said)
    if not ordered:
        stated.sort(key=_key)
        found.sort(key=_key)
    for number, (one, other) in enumerate(zip(stated, found, strict=False), 1):
        if one.keys() != other.keys():
            differing = min(one.keys() ^ other.keys())
            raise UnsoundError(
                None, f"table {table}, row {number}: the column {differing} is on one side only"
            )
        for column, value in one.items():
            if not _same(value, other[column]):
                raise UnsoundError(
                    None,
                    f"table {table}, row {number}, column {column}: the answer says "
                    f"{_shown(value)}, its definitions give {_shown(other[column])}",
                )
    if len(stated) != len(found):
        raise UnsoundError(
            None,
            f"table {table}: the answer has {len(stated)} rows, its definitions give {len(found)}",
        )


def plain(value: Any) -> Any:  # noqa: ANN401 - of any column
    """A value as answers write it in JSON."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, date):
        zoned = value.astimezone(UTC) if isinstance(value, datetime) else value
        return zoned.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return str(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401 - JSON
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, float) or isinstance(other, float):
        numbers = isinstance(one, int | float) and isinstance(other, int | float)
        return numbers and math.isclose(one, other, rel_tol=_EQUAL, abs_tol=_EQUAL)
    return type(one) is type(other) and bool(one == other)


def _key(row: dict[str, Any]) -> str:
    """Something to sort by, on which the last digits of a number have no say."""
    rounded = {
        name: f"{value:.6g}" if isinstance(value, float) else value for name, value in row.items()
    }
    return json.dumps(rounded, sort_keys=True, default=str, separators=(",", ":"))


def _shown(value: Any) -> str:  # noqa: ANN401 - JSON
    text = json.dumps(value, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
