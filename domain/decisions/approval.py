"""What an approval is, as the ledger's own events tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from domain.decisions.fact import (
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRejected,
    ApprovalRequested,
    ApprovalWithdrawn,
    Fact,
)
from domain.decisions.persons import Persons
from domain.instant import read_time
from domain.log.names import RESERVED_TAG_PREFIX, stream_component

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_ENDS: Final[dict[type[Fact], str]] = {
    ApprovalRejected: "rejected", ApprovalWithdrawn: "withdrawn", ApprovalExpired: "expired",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grant:
    """One person's yes.

    Attributes:
        person: whose.
        role: in the organisation in which it was given, or None.
    """

    person: str
    role: str | None


class Approval:
    """One approval: what was asked, who said yes, and whether it ended.

    Attributes:
        request: what was asked, or None; its data is empty where it was redacted.
        grants: each yes that was recorded, in order.
        persons: who is one person, as far as facts of that were learned.
        makers: who else may not say yes: authors and others whom the request does not name.
        ended: `rejected`, `withdrawn` or `expired`, and the position that says so; or None.
    """

    STEPS: Final[tuple[type[Fact], ...]] = (ApprovalRequested, ApprovalGranted, *_ENDS)

    def __init__(self) -> None:
        self.request: Fact | None = None
        self.grants: list[Grant] = []
        self.persons = Persons()
        self.makers: Iterable[str] = ()
        self.ended: tuple[str, int] | None = None

    def learn(self, fact: Fact) -> None:
        """Take in a fact; those of other types say nothing here."""
        self.persons.learn(fact)
        if isinstance(fact, ApprovalRequested):
            self.request = self.request or fact
        elif isinstance(fact, ApprovalGranted):
            person = fact.data.get("approver") or (fact.by.principal if fact.by else "")
            self.grants.append(Grant(person, fact.data.get("role")))
        elif type(fact) in _ENDS:
            self.ended = self.ended or (_ENDS[type(fact)], fact.position)

    @property
    def asked(self) -> dict[str, Any]:
        """What was asked."""
        return {} if self.request is None else self.request.data

    @property
    def roles(self) -> list[str]:
        """Roles that are all wanted; empty: none is asked for."""
        return list(self.asked.get("roles") or ())

    @property
    def required(self) -> int:
        """How many different persons have to say yes."""
        return int(self.asked.get("required") or 1)

    @property
    def requesters(self) -> list[str]:
        """Who asked: by name, for whom, and by what was authenticated."""
        said = [self.asked.get("requester"), self.asked.get("actor")]
        if self.request is not None and self.request.by is not None:
            said.append(self.request.by.principal)
        return [one for one in said if one is not None]

    @property
    def counted(self) -> list[Grant]:
        """Each independent person's first yes, whatever was linked since it was given."""
        others = (*self.requesters, *(self.asked.get("authors") or ()), *self.makers)
        seen = {self.persons.one(person) for person in others}
        found = []
        for grant in self.grants:
            person = self.persons.one(grant.person)
            if person not in seen:
                seen.add(person)
                found.append(grant)
        return found

    @property
    def is_complete(self) -> bool:
        """Whether as many persons said yes as have to, in every role that is wanted."""
        return len(self.counted) >= self.required and not self.missing_roles

    @property
    def missing_roles(self) -> list[str]:
        """Roles that are wanted and in which nobody said yes."""
        given = {one.role for one in self.counted}
        return [role for role in self.roles if role not in given]

    @property
    def until(self) -> datetime | None:
        """First instant at which it holds no more; None: no date ends it."""
        said = self.asked.get("valid_until")
        return None if said is None else read_time(said, "field data.valid_until")

    def is_over(self, at: datetime) -> bool:
        """Whether its date has passed, whoever recorded that or not."""
        return self.until is not None and at >= self.until

    def state(self, at: datetime) -> str:
        """`requested`, `granted`, `rejected`, `withdrawn` or `expired`, at an instant."""
        if self.ended is not None:
            return self.ended[0]
        if self.is_over(at):
            return "expired"
        return "granted" if self.is_complete else "requested"


def stream_of(approval: str) -> str:
    """The stream of an approval, as conditions name it."""
    return f"{RESERVED_TAG_PREFIX}approval/{stream_component(approval)}"
