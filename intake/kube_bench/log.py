"""The text that kube-bench prints: a line a check, and a summary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from domain.errors import RefusedError
from intake.baseline import Baseline
from intake.kube_bench.words import COUNTED, STATUSES, TOOL, WORDS
from intake.report import Format, Reading
from intake.scan import differing
from intake.text_body import uncoloured

if TYPE_CHECKING:
    from intake.shape import Shape

_CHECK: Final = re.compile(r"^\[(PASS|FAIL|WARN|INFO)\] (\d{1,3}(?:\.\d{1,3}){0,4}) (?!\s*-)(\S.*)")
_SUMMARY: Final = re.compile(r"^== Summary( \w{1,40})? ==")
_NUMBER: Final = re.compile(r"^(\d{1,6}) checks (PASS|FAIL|WARN|INFO)\b")
_TOTAL: Final = "total"


def claims(shape: Shape) -> bool:
    """A text with its lines: a heading first, then numbered checks."""
    lines = map(_CHECK.match, uncoloured(shape.head).splitlines())
    found = [one for one in lines if one is not None]
    return bool(found) and found[0][1] == "INFO" and any("." in one[2] for one in found)


def read(body: bytes) -> list[Reading]:
    """The reading of a run.

    Raises:
        RefusedError: no check of kube-bench.
        TooLargeError: a limit was passed.
    """
    text = uncoloured(body.decode()).splitlines()
    lines = [one for one in map(_CHECK.match, text) if one is not None]
    if not lines:
        raise RefusedError("document", "no line of a check")
    # Headings have the form of checks; they are what checks lie in.
    parts = {prefix for one in lines for prefix in _around(one[2])}
    found = Baseline(TOOL, *WORDS)
    for one in lines:
        word = one[1].lower()
        if one[2] not in parts or word != "info":
            found.met(word, one[2], STATUSES.get(word))
    return [found.reading(COUNTED, None, {
        "claimed": differing({word: found.counts[word] for word in WORDS}, _summed(text)),
    })]  # fmt: skip


def _around(number: str) -> list[str]:
    steps = number.split(".")
    return [".".join(steps[:length]) for length in range(1, len(steps))]


def _summed(lines: list[str]) -> dict[str, int | None]:
    """What the summaries count: the total where there is one, else the sum of all."""
    sums: dict[str, dict[str, int]] = {}
    current: dict[str, int] | None = None
    for line in lines:
        if (title := _SUMMARY.match(line)) is not None:
            current = sums.setdefault((title[1] or "").strip(), dict.fromkeys(WORDS, 0))
        elif current is not None and (number := _NUMBER.match(line)) is not None:
            current[number[2].lower()] += int(number[1])
    told = [sums[_TOTAL]] if _TOTAL in sums else list(sums.values())
    return {word: sum(one[word] for one in told) if told else None for word in WORDS}


FORMAT: Final = Format("kube-bench-log", "kube-bench log", "text/plain", claims, read)
