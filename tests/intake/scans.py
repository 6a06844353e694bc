"""Readings of scanners' files, as the tests ask them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from intake.registry import read_report
from tests.intake.passing import through_door

if TYPE_CHECKING:
    from intake.report import Reading


def readings_of(value: object, name: str) -> list[Reading]:
    """The readings of a file that is recognised as of this format; the door takes each."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    report = read_report(body)
    assert report.format.name == name
    for one in report.readings:
        through_door(one)
    return report.readings


def reading_of(value: object, name: str) -> Reading:
    """The one reading of a file."""
    (found,) = readings_of(value, name)
    return found


def rows_of(reading: Reading) -> list[dict[str, Any]]:
    """The findings of a reading."""
    lines = [line for one in reading.documents for line in one.body.splitlines()]
    return [json.loads(line) for line in lines]


def counted(reading: Reading) -> dict[str, int]:
    """The counts that are not zero."""
    return {word: number for word, number in reading.data["counts"].items() if number}


def everything(readings: list[Reading]) -> str:
    """All that goes into events and documents."""
    told = [json.dumps(one.data) for one in readings]
    return "".join(
        [*told, *(part.body.decode() for one in readings for part in one.documents)]
    )  # fmt: skip
