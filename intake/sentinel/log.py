"""The text that Sentinel writes of a run: each policy with its level and its result.

It names no time, no run and nobody.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from domain.errors import RefusedError
from intake.report import Format, Reading
from intake.scan import differing
from intake.sentinel.checked import checked
from intake.text_body import uncoloured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Shape

_RESULT: Final = re.compile(r"^\s*Sentinel Result: (true|false|undefined|error)\s*$", re.MULTILINE)
_POLICY: Final = re.compile(
    r"^#{1,3} Policy \d{1,6}: (.{1,300}?) \((advisory|soft-mandatory|hard-mandatory)\)\s*$"
)
_OUTCOME: Final = re.compile(r"^Result: (\w{1,20})")
_NUMBER: Final = re.compile(r"^\s*(\d{1,6}) policies evaluated", re.MULTILINE)
_FAILED: Final = {
    "advisory": "advisory-failed", "soft-mandatory": "soft-failed",
    "hard-mandatory": "hard-failed",
}  # fmt: skip
_BROKEN: Final = "errored"


def claims(shape: Shape) -> bool:
    """A text with a result of Sentinel."""
    return _RESULT.search(uncoloured(shape.head)) is not None


def read(body: bytes) -> list[Reading]:
    """The reading of a text.

    Raises:
        RefusedError: no result of Sentinel.
        TooLargeError: too many policies.
    """
    text = uncoloured(body.decode())
    result = _RESULT.search(text)
    if result is None:
        raise RefusedError("document", "no line `Sentinel Result:`")
    policies = list(_policies(text))
    counts = dict.fromkeys(("passed", *_FAILED.values()), 0)
    for _, outcome, level in policies:
        key = {"true": "passed", "false": _FAILED[level]}.get(outcome, _BROKEN)
        counts[key] = counts.get(key, 0) + 1
    number = _NUMBER.search(text)
    data = {
        "reported_outcome": result[1],
        "claimed": differing(
            {"policies": len(policies)}, {"policies": int(number[1]) if number else None}
        ),
    } | ({} if policies else {"decision": {"true": "allow", "false": "deny"}.get(result[1])})
    told = ((name, outcome == "true", level) for name, outcome, level in policies)
    return [checked(None, told, counts, data)]


def _policies(text: str) -> Iterator[tuple[str, str, str]]:
    """Name, result and level of each; of one without a result that it failed to give one."""
    current: tuple[str, str] | None = None
    for line in text.splitlines():
        if (found := _POLICY.match(line)) is not None:
            if current is not None:
                yield current[0], _BROKEN, current[1]
            current = (found[1], found[2])
        elif current is not None and (outcome := _OUTCOME.match(line)) is not None:
            yield current[0], outcome[1], current[1]
            current = None
    if current is not None:
        yield current[0], _BROKEN, current[1]


FORMAT: Final = Format("sentinel-log", "Sentinel log", "text/plain", claims, read)
