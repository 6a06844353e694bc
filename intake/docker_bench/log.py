"""The text that Docker Bench for Security prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from domain.errors import RefusedError
from intake.baseline import Baseline
from intake.docker_bench.words import BENCHMARK, COUNTED, STATUSES, TOOL, WORDS
from intake.instant import told_time
from intake.report import Format, Reading
from intake.scan import differing
from intake.text_body import uncoloured

if TYPE_CHECKING:
    from intake.shape import Shape

_CHECK: Final = re.compile(r"^\[(PASS|WARN|NOTE|INFO)\]\s{1,8}(\d{1,3}(?:\.\d{1,3}){0,4})\s+-\s")
_HEAD: Final = re.compile(r"Docker Bench for Security(?: v(\S{1,40}))?", re.IGNORECASE)
_BASED: Final = re.compile(r"CIS Docker (?:[\w ]{1,40})?Benchmark(?: v?(\d[\w.]{0,20}))?")
_BEGAN: Final = re.compile(r"^Initializing (.{10,60})$", re.MULTILINE)
_TOTAL: Final = re.compile(r"^\[INFO\] Checks: (\d{1,6})", re.MULTILINE)


def claims(shape: Shape) -> bool:
    """A text with its name, or with lines of its numbered checks."""
    head = uncoloured(shape.head)
    lines = filter(None, map(_CHECK.match, head.splitlines()))
    return bool(_HEAD.search(head)) or any("." in one[2] for one in lines)


def read(body: bytes) -> list[Reading]:
    """The reading of a run; one whose text has no total was broken off.

    Raises:
        RefusedError: no check of Docker Bench.
        TooLargeError: a limit was passed.
    """
    text = uncoloured(body.decode())
    lines = [one for one in map(_CHECK.match, text.splitlines()) if one is not None]
    if not lines:
        raise RefusedError("document", "no line of a check")
    # Parts are printed as checks are; they are what other checks lie in.
    parts = {number.rpartition(".")[0] for one in lines for number in _within(one[2])}
    found = Baseline(TOOL, *WORDS)
    for one in lines:
        word = one[1].lower()
        if one[2] not in parts and "." in one[2]:
            found.met(word, one[2], STATUSES.get(word))
    head, based = _HEAD.search(text), _BASED.search(text)
    began, total = _BEGAN.search(text), _TOTAL.search(text)
    version = based[1] if based is not None else None
    return [found.reading(COUNTED, told_time(began[1]) if began is not None else None, {
        "outcome": "success" if total is not None else "error",
        "tool_version": head[1] if head is not None else None,
        "benchmark": f"{BENCHMARK} {version.rstrip('.')}" if version else BENCHMARK,
        "claimed": differing(
            {"checks": found.total}, {"checks": int(total[1]) if total is not None else None}
        ),
    })]  # fmt: skip


def _within(number: str) -> list[str]:
    """A number and those of the parts around it, but for the outermost."""
    steps = number.split(".")
    return [".".join(steps[:length]) for length in range(2, len(steps) + 1)]


FORMAT: Final = Format("docker-bench-log", "Docker Bench log", "text/plain", claims, read)
