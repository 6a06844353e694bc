"""The JSON of kube-bench: controls with totals, an array of controls, or one object each.

It has no time, and names no node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import field

from domain.errors import RefusedError
from intake.baseline import Baseline
from intake.json_body import read_all, read_fields
from intake.kube_bench.words import COUNTED, STATUSES, TOOL, WORDS
from intake.number import count_of
from intake.report import Format, Reading
from intake.rows import named
from intake.scan import differing

if TYPE_CHECKING:
    from intake.shape import Members, Shape


class _Object(msgspec.Struct, gc=False):
    """An object; any field may be missing or null."""


class Check(_Object):
    """A check; what it read on the node is not read here."""

    test_number: str | None = None
    status: str | None = None
    scored: bool | None = None


class Section(_Object):
    """Checks of one part."""

    results: list[Check] | None = None


class Totals(_Object):
    """What a header counts."""

    total_pass: Any = None
    total_fail: Any = None
    total_warn: Any = None
    total_info: Any = None


class Controls(Totals):
    """Checks of one type of nodes."""

    version: str | None = None
    detected_version: str | None = None
    node_type: str | None = None
    tests: list[Section] | None = None


class Report(_Object):
    """Controls with the totals of all."""

    controls: list[Controls] = field(name="Controls")
    totals: Totals | None = field(name="Totals", default=None)


def claims(shape: Shape) -> bool:
    """Controls of a type of nodes: in a report, in an array, or by themselves."""
    return _is_controls(shape.first("Controls")) or _is_controls(shape.object)


def _is_controls(members: Members) -> bool:
    return {"tests", "node_type", "text"} <= members.keys()


def read(body: bytes) -> list[Reading]:
    """The reading of a run.

    Raises:
        RefusedError: no controls; the place is named.
        TooLargeError: a limit was passed.
    """
    totals: Totals | None = None
    if b'"Controls"' in body:
        report = read_fields(body, Report)
        controls, totals = report.controls, report.totals
    else:
        controls = read_all(body, Controls)
    if not any(one.tests for one in controls):
        raise RefusedError("field tests", "no checks")
    found = Baseline(TOOL, *WORDS)
    for one in controls:
        for section in one.tests or ():
            for check in section.results or ():
                word = (check.status or "unknown").lower()
                status = STATUSES.get(word)
                found.met(word, check.test_number, status, target=one.node_type,
                          scored=check.scored)  # fmt: skip
    nodes = dict.fromkeys(name for one in controls if (name := named(one.node_type)))
    versions = dict.fromkeys(name for one in controls if (name := named(one.version)))
    detected = dict.fromkeys(named(one.detected_version) for one in controls)
    return [found.reading(COUNTED, None, {
        "benchmark": named(", ".join(versions)),
        "targets": list(nodes)[:100] or None,
        "cluster_version": next((one for one in detected if one and one != "none"), None),
        "claimed": differing(
            {word: found.counts[word] for word in WORDS},
            _told([totals]) if totals is not None else _told(controls),
        ),
    })]  # fmt: skip


def _told(headers: list[Totals] | list[Controls]) -> dict[str, int | None]:
    """Sums of what headers count; None where none of them says it."""
    sums: dict[str, int | None] = {}
    for word in WORDS:
        numbers = [count_of(getattr(one, f"total_{word}")) for one in headers]
        told = [number for number in numbers if number is not None]
        sums[word] = sum(told) if told else None
    return sums


FORMAT: Final = Format("kube-bench", "kube-bench JSON", "application/json", claims, read)
