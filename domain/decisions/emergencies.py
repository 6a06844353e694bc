"""A change goes ahead before its approval."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from eventsourcing.dcb.domain import Selector

from domain.decisions.command import Command
from domain.decisions.fact import EmergencyDeclared, Fact
from domain.decisions.requesting import check_subjects
from domain.errors import ConflictError, RefusedError
from domain.instant import read_time
from domain.log.entry import format_at
from domain.log.names import RESERVED_TAG_PREFIX, stream_component

if TYPE_CHECKING:
    from datetime import datetime

    from domain.log.by import By

APPROVED_WITHIN: Final = timedelta(hours=72)
"""How long it may wait for its approval where nobody says otherwise."""
LONGEST: Final = timedelta(days=30)


class DeclareEmergency(Command):
    """Let a change go ahead before its approval; an approver or operator says so, with a reason.

    One person is enough, since nobody else may be awake; that is why an emitter, which every job
    is, may not. The approval afterwards is another person's.
    """

    makes = EmergencyDeclared

    def __init__(self, data: dict[str, Any], by: By, at: datetime) -> None:
        super().__init__({"approve_until": format_at(at + APPROVED_WITHIN)} | data, by, at)
        self._taken = False

    def consistency_boundary(self) -> list[Selector]:
        """That nothing has its id."""
        return [Selector([self.makes], [stream_of(self.data["emergency"])])]

    def learn(self, fact: Fact) -> None:
        """Take in a fact."""
        del fact
        self._taken = True

    def check(self) -> None:
        """It says why, what goes ahead, and until when it is approved.

        Raises:
            RefusedError: it does not.
            ConflictError: its id is taken, or no person commands it.
        """
        self.need_person()
        self.need_reason()
        if self._taken:
            raise ConflictError("an emergency of this id was declared before")
        if self.data.get("subjects"):
            check_subjects(self.data)
        elif not self.data.get("service") and not self.data.get("environments"):
            raise RefusedError("field subjects", "say what goes ahead, or of which service, where")
        until = read_time(self.data["approve_until"], "field approve_until")
        if not self.at < until <= self.at + LONGEST:
            raise RefusedError(
                "field approve_until", f"expected a time within {LONGEST.days} days from now"
            )


def stream_of(emergency: str) -> str:
    """The stream of an emergency, as conditions name it."""
    return f"{RESERVED_TAG_PREFIX}emergency/{stream_component(emergency)}"
