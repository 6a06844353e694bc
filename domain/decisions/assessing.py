"""What a deployment did, or an incident was, is restated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from eventsourcing.dcb.domain import Selector

from domain.decisions.command import Command
from domain.decisions.fact import DeploymentAssessed, Fact, IncidentAssessed
from domain.errors import NotFoundError, RefusedError
from domain.log.names import RESERVED_TAG_PREFIX, short_hash, stream_component

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from domain.log.by import By


@dataclass(frozen=True, slots=True)
class Subject:
    """What is assessed: its events are one stream.

    Attributes:
        kind: `deployment` or `incident`.
        source: who reported it.
        id: its id there.
    """

    kind: str
    source: str
    id: str

    @property
    def stream(self) -> str:
        """The name of its stream."""
        return f"{self.kind}/{short_hash(self.source)}.{stream_component(self.id)}"


class Assess(Command):
    """Restate something; the latest statement of each field holds.

    It needs no second person: who may send events may say the same as a claim.
    """

    restates: ClassVar[tuple[str, ...]]

    def __init__(
        self, subject: Subject, data: dict[str, Any], by: By, at: datetime, *, known: bool
    ) -> None:
        """A command about one subject.

        Args:
            subject: what is assessed.
            data: what is said of it.
            by: who commands it.
            at: the present instant.
            known: whether the ledger holds anything of the subject.
        """
        super().__init__(data | {subject.kind: subject.id}, by, at)
        self._subject = subject
        self._exists = known

    def consistency_boundary(self) -> list[Selector]:
        """Other assessments of the same."""
        return [Selector([self.makes], [RESERVED_TAG_PREFIX + self._subject.stream])]

    def learn(self, fact: Fact) -> None:
        """What was said before forbids nothing."""

    def check(self) -> None:
        """Something known is restated, and why.

        Raises:
            RefusedError: without a reason, or nothing is restated.
            NotFoundError: nobody reported it.
        """
        self.need_reason()
        if all(self.data.get(name) is None for name in self.restates):
            raise RefusedError("body", f"restate one of {', '.join(self.restates)}")
        if not self._exists:
            raise NotFoundError(f"no {self._subject.kind} of this id was reported by this source")

    def execute(self) -> None:
        """Decide it in the name of the source, so that it stands among the subject's events."""
        self.check()
        self.decide(self.data, self._subject.source)


class AssessDeployment(Assess):
    """Restate what a deployment remedied, rolled back or harmed."""

    makes = DeploymentAssessed
    restates = ("remediates", "rolls_back", "impact")


class AssessIncident(Assess):
    """Restate what caused an incident and how bad it was."""

    makes = IncidentAssessed
    restates = ("caused_by", "cause", "severity", "category", "started_at", "detected_at")
