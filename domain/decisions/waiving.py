"""An exception from a rule is granted by two persons, revoked, or ends by its date."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from eventsourcing.dcb.domain import Selector

from domain.decisions.command import Command, TwoPersonCommand
from domain.decisions.fact import Fact, WaiverExpired, WaiverGranted, WaiverRevoked
from domain.errors import ConflictError, NotFoundError, RefusedError
from domain.events.controls import CONTROLS
from domain.instant import read_time
from domain.log.names import RESERVED_TAG_PREFIX, stream_component

if TYPE_CHECKING:
    from datetime import datetime

    from domain.decisions.command import Proposal
    from domain.log.by import By

LONGEST: Final = timedelta(days=365)
_EXCEPTS: Final = ("controls", "rules", "fingerprints")
_TESTS: Final = frozenset(one.id for one in CONTROLS)


class GrantWaiver(TwoPersonCommand):
    """Except something from a rule, until a date; one operator proposes, another confirms."""

    makes = WaiverGranted
    always = True

    def __init__(
        self, data: dict[str, Any], by: By, at: datetime, proposal: Proposal | None = None
    ) -> None:
        super().__init__(data, by, at, proposal)
        self._taken = False

    def consistency_boundary(self) -> list[Selector]:
        """Besides the operators: that nothing has its id."""
        own = Selector([self.makes], [stream_of(self.data["waiver"])])
        return [*super().consistency_boundary(), own]

    def learn(self, fact: Fact) -> None:
        """Take in a fact."""
        super().learn(fact)
        if isinstance(fact, WaiverGranted):
            self._taken = True

    def names(self, first: str, second: str) -> dict[str, Any]:
        """Who asked for it, and who approved."""
        return {"requester": first, "approver": second}

    def check(self) -> None:
        """It says from what, why, and until when: a year at most.

        Raises:
            RefusedError: it does not.
            ConflictError: its id is taken.
        """
        self.need_reason()
        if self._taken:
            raise ConflictError("a waiver of this id was granted before")
        if not any(self.data.get(name) for name in _EXCEPTS):
            raise RefusedError("field controls", f"say one of {', '.join(_EXCEPTS)} that it waives")
        for name in self.data.get("controls") or ():
            if name not in _TESTS:
                raise RefusedError("field controls", "no test of a control has this name")
        until = read_time(self.data["expires"], "field expires")
        if not self.at < until <= self.at + LONGEST:
            raise RefusedError(
                "field expires", f"expected a time within {LONGEST.days} days from now"
            )


class _Ending(Command):
    """Something ends a waiver."""

    def __init__(self, data: dict[str, Any], by: By, at: datetime) -> None:
        super().__init__(data, by, at)
        self._expires: datetime | None = None
        self._is_known = False
        self._ended = 0

    def consistency_boundary(self) -> list[Selector]:
        """That it was granted, and what ended it."""
        kinds = (WaiverGranted, WaiverRevoked, WaiverExpired)
        return [Selector(kinds, [stream_of(self.data["waiver"])])]

    def learn(self, fact: Fact) -> None:
        """Take in a fact."""
        if not isinstance(fact, WaiverGranted):
            self._ended = fact.position
            return
        self._is_known = True
        said = fact.data.get("expires")
        self._expires = None if said is None else read_time(said, "field data.expires")

    @property
    def is_over(self) -> bool:
        """Whether its date has passed."""
        return self._expires is not None and self.at >= self._expires

    def check_granted(self) -> None:
        """Refuse what is no waiver, or none any more.

        Raises:
            NotFoundError: none was granted.
            ConflictError: it ended.
        """
        if not self._is_known:
            raise NotFoundError("no waiver of this id was granted")
        if self._ended:
            raise ConflictError(f"it ended, at position {self._ended}")


class RevokeWaiver(_Ending):
    """Take an exception back; one operator is enough, since the rule holds again."""

    makes = WaiverRevoked

    def check(self) -> None:
        """It still holds, and there is a reason.

        Raises:
            RefusedError: without a reason.
            NotFoundError: none was granted.
            ConflictError: it ended.
        """
        self.need_reason()
        self.check_granted()
        if self.is_over:
            raise ConflictError("its date has passed: it holds no more")


class ExpireWaiver(_Ending):
    """Record that a waiver's date has passed; it held no more from its date on anyhow."""

    makes = WaiverExpired

    def check(self) -> None:
        """Its date has passed, and nothing ended it.

        Raises:
            NotFoundError: none was granted.
            ConflictError: it ended before, or its date is still to come.
        """
        self.check_granted()
        if not self.is_over:
            raise ConflictError("its date is still to come")


def stream_of(waiver: str) -> str:
    """The stream of a waiver, as conditions name it."""
    return f"{RESERVED_TAG_PREFIX}waiver/{stream_component(waiver)}"
