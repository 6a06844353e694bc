"""What the formats of a verification share: one `tests.finished` of kind `contract`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from intake.ids import commit_of
from intake.report import Reading
from intake.rows import Rows, named

if TYPE_CHECKING:
    from intake.instant import Told

STATUSES: Final = ("passed", "failure", "error", "pending")
"""Pending: it may fail without the verification failing, because nobody relies on it yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One interaction, or one example of it.

    Attributes:
        status: one of `STATUSES`.
        name: what it is called.
        id: the broker's id of the interaction.
        consumer: whose contract it is of.
        duration_s: seconds.
    """

    status: str
    name: str | None = None
    id: str | None = None
    consumer: str | None = None
    duration_s: float | None = None


@dataclass(slots=True, kw_only=True)
class Verification:
    """What a file tells of a verification.

    Attributes:
        form: the format's name.
        counted: what the cases are.
        cases: each of them.
        said: the tool's own verdict, or None.
        claimed: totals of the header, or None.
        outside: errors outside of any case.
        tool: of the verifier.
        version: of the verifier.
        provider_version: of what was verified; often a commit.
        told: when.
        more: further fields of the data.
    """

    form: str
    counted: str
    cases: list[Case] = field(default_factory=list)
    said: bool | None = None
    claimed: dict[str, int] | None = None
    outside: int = 0
    tool: str | None = None
    version: str | None = None
    provider_version: str | None = None
    told: Told | None = None
    more: dict[str, Any] = field(default_factory=dict)

    def reading(self) -> Reading:
        """The reading of the file.

        Raises:
            TooLargeError: too many cases.
        """
        found = Counter(one.status for one in self.cases)
        found["error"] += self.outside
        rows = Rows("results")
        for one in self.cases:
            rows.add({"name": named(one.name), "id": named(one.id), "status": one.status,
                      "consumer": named(one.consumer), "duration_s": one.duration_s})  # fmt: skip
        document = rows.document()
        data: dict[str, Any] = {
            "tool": named(self.tool) or "pact",
            "tool_version": named(self.version),
            "kind": "contract",
            "format": self.form,
            "outcome": self._outcome(found),
            "reported_outcome": {True: "success", False: "failure", None: None}[self.said],
            "counts": {status: found[status] for status in STATUSES},
            "counted": self.counted,
            "claimed": self.claimed,
            "results": document.digest if document else None,
            **version_of(self.provider_version),
            **self.more,
            **service_of(self.more.get("provider")),
        }
        return Reading(
            type="pipeledger.tests.finished.v1",
            data={name: value for name, value in data.items() if value is not None},
            time=self.told.time if self.told else None,
            local_time=self.told.local if self.told else None,
            documents=(document,) if document else (),
        )

    def _outcome(self, found: Counter[str]) -> str:
        if self.said is False or found["failure"] or found["error"]:
            return "failure"
        return "success" if self.said or found["passed"] else "skipped"


def version_of(text: str | None) -> dict[str, str | None]:
    """A version of an application, which teams are told to name by its commit."""
    commit = commit_of(text)
    return {"commit": commit} if commit is not None else {"release": named(text)}


def service_of(participant: str | None) -> dict[str, Any]:
    """The application's name in Pact, which stands for the service's."""
    if participant is None:
        return {}
    return {"service": participant, "service_basis": "pacticipant"}
