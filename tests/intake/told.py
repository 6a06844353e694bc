"""What a file tells, as plain values to compare."""

from __future__ import annotations

import json
from typing import Any

from intake.registry import read_report
from tests.fixtures import FOLDER, facts
from tests.intake.passing import through_door


def told(body: object, name: str, **context: object) -> list[dict[str, Any]]:
    """Data, type, time, source and kind of each reading; every one passes the door.

    Args:
        body: bytes or a text as they are; anything else as JSON.
        name: the format that it must be recognised as.
        context: what the caller knows, where the file does not say it.
    """
    raw = body if isinstance(body, bytes | str) else json.dumps(body)
    report = read_report(raw.encode() if isinstance(raw, str) else raw)
    assert report.format.name == name
    found = []
    for reading in report.readings:
        reading.data.update({key: reading.data.get(key, value) for key, value in context.items()})
        through_door(reading)
        found.append(
            reading.data
            | {"type": reading.type.removeprefix("pipeledger.").removesuffix(".v1"),
               "time": reading.time, "local": reading.local_time, "source": reading.source,
               "kind_told": reading.kind}
        )  # fmt: skip
    return found


def told_file(path: str, name: str, **context: object) -> list[dict[str, Any]]:
    """As `told`, of a real file, named below the folder of them."""
    return told((FOLDER / path).read_bytes(), name, **context)


def row_of(path: str, table: str = "SOURCES-platforms.tsv") -> dict[str, str]:
    """The facts of a real file that stand in its row as `name=value; name=value`."""
    return dict(part.partition("=")[::2] for part in facts(table)[path].split("; "))
