"""RSpec's JSON, in which Pact's Ruby verifier tells of its examples."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Final

import msgspec

from intake.number import seconds_of
from intake.pact.verified import Case

_STATUSES: Final = {"passed": "passed", "failed": "failure", "pending": "pending"}
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**32)]


class _Example(msgspec.Struct, gc=False):
    """One example; the path of the verifier on somebody's machine is not read."""

    status: str | None = None
    full_description: str | None = None
    description: str | None = None
    run_time: float | None = None


class _Summary(msgspec.Struct, gc=False):
    """Totals."""

    duration: float | None = None
    example_count: _Number | None = None
    failure_count: _Number | None = None
    pending_count: _Number | None = None
    errors_outside_of_examples_count: _Number | None = None


class Examples(msgspec.Struct, gc=False):
    """The whole; published to a broker, the examples are called tests.

    Attributes:
        examples: each example.
        tests: the same, under the other name.
        summary: totals.
        version: of RSpec.
    """

    examples: list[_Example] | None = None
    tests: list[_Example] | None = None
    summary: _Summary = msgspec.field(default_factory=_Summary)
    version: str | None = None

    @property
    def outside(self) -> int:
        """Errors outside of any example: some were not run because of them."""
        return self.summary.errors_outside_of_examples_count or 0

    @property
    def duration_s(self) -> float | None:
        """Seconds."""
        return seconds_of(self.summary.duration)


def cases_of(told: Examples) -> list[Case]:
    """The examples; a status that is not known is an error."""
    return [
        Case(
            status=_STATUSES.get(one.status or "", "error"),
            name=one.full_description or one.description,
            duration_s=seconds_of(one.run_time),
        )
        for one in told.examples or told.tests or ()
    ]


def claimed_of(told: Examples, cases: list[Case]) -> dict[str, int] | None:
    """Totals, where one of them is not what was counted."""
    found = Counter(one.status for one in cases)
    summary = told.summary
    pairs = {
        "example_count": (summary.example_count, len(cases)),
        "failure_count": (summary.failure_count, found["failure"] + found["error"]),
        "pending_count": (summary.pending_count, found["pending"]),
    }
    claimed = {name: claim for name, (claim, _) in pairs.items() if claim is not None}
    return claimed if any(claimed.get(name, n) != n for name, (_, n) in pairs.items()) else None
