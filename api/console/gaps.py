"""What a window's numbers leave out, in words for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from api.emptiness import registering
from exporters import wording

if TYPE_CHECKING:
    from collections.abc import Iterable

TIER: Final = "unknown tier"
INCIDENTS: Final = "incidents of unknown tier"
WORDS: Final = {
    TIER: "{} deployments went to {}, whose tier nobody has told: they count nowhere.",
    INCIDENTS: "{} incidents are of {}, whose tier nobody has told: they count nowhere.",
    "unmatched report": "{} reports of other sources match no deployment of the source that counts "
    "on their line.",
    "unresolved changes": "Of {} deployments nobody told which changes they brought: their lead "
    "time is unknown. Send commits, or a build with its artifact.",
    "unknown commits": "{} commits that were deployed are not known here: their lead time is "
    "unknown. Send the commits, or run pipeledger import git.",
    "commits without a time": "{} commits say no time to count from.",
    "cause not found": "{} incidents name as their cause a deployment that is not here, or that "
    "may be several.",
    "voided": "{} events of this window were voided and count no more; they stay listed.",
    "redacted": "{} events were redacted: whatever they told counts in no number.",
}
"""By the gap's name: how many, and the name that it is told of."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is left out.

    Attributes:
        words: a sentence for people.
        run: the command that settles it, or None.
    """

    words: str
    run: str | None = None


def told(rows: Iterable[dict[str, Any]]) -> list[Gap]:
    """The gaps of one window; of those that are of many names, the sum."""
    sums: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["gap"], (row["name"] or "") if row["gap"] in (TIER, INCIDENTS) else "")
        sums[key] = sums.get(key, 0) + row["items"]
    return [
        Gap(
            WORDS.get(gap, gap + ": {}").format(
                wording.number(items), name or "an unnamed environment"
            ),
            registering(name) if name else None,
        )
        for (gap, name), items in sums.items()
    ]
