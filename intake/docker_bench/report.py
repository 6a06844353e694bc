"""The JSON of Docker Bench for Security; the machine itself is not named in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.baseline import Baseline
from intake.docker_bench.words import BENCHMARK, COUNTED, STATUSES, TOOL, WORDS
from intake.instant import seconds_between, told_epoch
from intake.json_body import read_fields
from intake.number import count_of
from intake.report import Format, Reading
from intake.rows import named
from intake.scan import differing

if TYPE_CHECKING:
    from intake.shape import Shape


class _Object(msgspec.Struct, gc=False):
    """An object; any field may be missing or null."""


class Check(_Object):
    """A check; who or what it found (`details`, `items`) is not read."""

    id: str | None = None
    result: str | None = None


class Section(_Object):
    """Checks of one part."""

    results: list[Check] | None = None


class Report(_Object, kw_only=True):
    """A run."""

    dockerbenchsecurity: str | None = None
    start: Any = None
    end: Any = None
    checks: Any = None
    tests: list[Section]


def claims(shape: Shape) -> bool:
    """A run that is called so."""
    return (shape.members or {}).keys() >= {"dockerbenchsecurity", "tests"}


def read(body: bytes) -> list[Reading]:
    """The reading of a run; one without its end was broken off.

    Raises:
        RefusedError: no such run; the place is named.
        TooLargeError: a limit was passed.
    """
    report = read_fields(body, Report)
    found = Baseline(TOOL, *WORDS)
    for section in report.tests:
        for check in section.results or ():
            word = (check.result or "unknown").lower()
            found.met(word, check.id, STATUSES.get(word))
    begun, ended = told_epoch(report.start), told_epoch(report.end)
    return [found.reading(COUNTED, ended or begun, {
        "outcome": "success" if ended is not None else "error",
        "tool_version": named(report.dockerbenchsecurity),
        "benchmark": BENCHMARK,
        "claimed": differing({"checks": found.total}, {"checks": count_of(report.checks)}),
        "started_at": begun.time if begun is not None else None,
        "duration_s": seconds_between(begun, ended),
    })]  # fmt: skip


FORMAT: Final = Format("docker-bench", "Docker Bench JSON", "application/json", claims, read)
