"""An approval is granted, rejected, withdrawn, or ends by its date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from eventsourcing.dcb.domain import Selector

from domain.decisions.approval import Approval, stream_of
from domain.decisions.command import Command
from domain.decisions.fact import (
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRejected,
    ApprovalWithdrawn,
    Fact,
    TokenIssued,
    TokenRevoked,
)
from domain.decisions.persons import Persons
from domain.decisions.requesting import MEANWHILE, keys_of
from domain.errors import ConflictError, NotFoundError, RefusedError
from domain.log.entry import format_at
from domain.log.names import RESERVED_TAG_PREFIX, stream_component

if TYPE_CHECKING:
    from datetime import datetime

    from domain.decisions.authorship import Authorship
    from domain.log.by import By

_OTHERS: Final = "another person with an approver's or operator's token may"
# What was approved is said again by who approves, so that the grant is evidence by itself.
_BOUND: Final = (
    "subjects", "environments", "valid_from", "valid_until", "emergency", "service", "ticket",
)  # fmt: skip


class Step(Command):
    """One more step of an approval that was requested.

    Attributes:
        approval: as it is.
    """

    def __init__(self, data: dict[str, Any], by: By, at: datetime) -> None:
        """A step.

        Args:
            data: of its event; `approval` says of which.
            by: whose it is.
            at: the present instant.
        """
        super().__init__(data, by, at)
        self.approval = Approval()

    def consistency_boundary(self) -> list[Selector]:
        """All steps of this approval, and who is one person."""
        steps = Selector(Approval.STEPS, [stream_of(self.data["approval"])])
        return [steps, Selector(Persons.STANDS_ON)]

    def learn(self, fact: Fact) -> None:
        """Take in a fact."""
        self.approval.learn(fact)

    def check_open(self) -> None:
        """Refuse what was not requested, or has ended.

        Raises:
            NotFoundError: it was not requested.
            ConflictError: it ended, by a decision or by its date.
        """
        if self.approval.request is None:
            raise NotFoundError("no approval of this id was requested")
        if not self.approval.asked:
            raise ConflictError("what was asked is redacted: request an approval anew")
        if self.approval.ended is not None:
            how, position = self.approval.ended
            raise ConflictError(f"it was {how}, at position {position}: request another approval")
        until = self.approval.until
        if until is not None and self.at >= until:
            raise ConflictError(
                f"it could be approved until {format_at(until)}: request another approval"
            )


class GrantApproval(Step):
    """Say yes: an independent person, once, to what was asked."""

    makes = ApprovalGranted

    def __init__(
        self,
        data: dict[str, Any],
        by: By,
        at: datetime,
        authorship: Authorship,
        declarer: str | None = None,
    ) -> None:
        """A grant.

        Args:
            data: of its event; `subjects`, where they are given, have to be those that were asked.
            by: who grants.
            at: the present instant.
            authorship: who made the subjects, as far as the ledger knows.
            declarer: who declared the emergency that is approved afterwards, or None.
        """
        super().__init__(data, by, at)
        self._authorship = authorship
        self._found = authorship.selectors()
        self._declarer = [] if declarer is None else [declarer]
        self._roles: list[str] = []
        self._is_revoked = False

    def consistency_boundary(self) -> list[Selector]:
        """Besides: what is told of the subjects, and the token of who grants."""
        token = f"{RESERVED_TAG_PREFIX}credential/{stream_component(self.by.credential)}"
        own = Selector([TokenIssued, TokenRevoked], [token])
        return [*super().consistency_boundary(), own, *self._found]

    def learn(self, fact: Fact) -> None:
        """Take in a fact."""
        super().learn(fact)
        self._authorship.learn(fact)
        if isinstance(fact, TokenIssued):
            self._roles = list(fact.data.get("approves_as") or ())
        elif isinstance(fact, TokenRevoked):
            self._is_revoked = True

    def check(self) -> None:
        """Whoever grants is independent, is wanted, and means what was asked.

        Raises:
            NotFoundError: it was not requested.
            ConflictError: a rule forbids it; says which, and who else may.
            RefusedError: it is about other subjects than those that were asked.
        """
        self.check_open()
        self.approval.makers = [*self._authorship.persons, *self._declarer]
        if self.approval.is_complete:
            raise ConflictError("as many persons granted it as it takes: nothing is left to grant")
        self._check_meant()
        if self._authorship.selectors() != self._found:
            raise ConflictError(MEANWHILE)
        self._check_independent()

    def execute(self) -> None:
        """Grant.

        Raises:
            NotFoundError: it was not requested.
            ConflictError: a rule forbids it; says which, and who else may.
            RefusedError: it is about other subjects than those that were asked.
        """
        self.check()
        asked = self.approval.asked
        bound = {name: asked[name] for name in _BOUND if asked.get(name) is not None}
        role = self._role()
        said = self.data | bound | {"approver": self.by.principal}
        self.decide(said | ({"role": role} if role else {}))

    def _check_meant(self) -> None:
        meant = self.data.get("subjects")
        if meant is not None and keys_of(meant) != keys_of(self.approval.asked["subjects"]):
            raise RefusedError(
                "field subjects", "not what this approval was requested for: look at it, and name "
                "all of it or nothing"
            )  # fmt: skip

    def _check_independent(self) -> None:
        self.need_person()
        if self._is_revoked:
            raise ConflictError(f"this token was revoked: {_OTHERS}")
        authors = [*(self.approval.asked.get("authors") or ()), *self._authorship.persons]
        for who, others in (
            ("who requested it", self.approval.requesters),
            ("an author of what is approved", authors),
            ("who declared the emergency", self._declarer),
        ):
            if any(map(self._is_me, others)):
                raise ConflictError(f"{who} cannot grant it: {_OTHERS}")
        if any(self._is_me(one.person) for one in self.approval.grants):
            raise ConflictError(f"this person granted it before: {_OTHERS}")

    def _is_me(self, person: str) -> bool:
        return self.approval.persons.same(person, self.by.principal)

    def _role(self) -> str | None:
        wanted, said = self.approval.roles, self.data.get("role")
        missing = self.approval.missing_roles
        if said is not None and said not in self._roles:
            raise ConflictError(
                f"this token does not approve as {said}: the operator makes one that does "
                f"(pipeledger-server token create --role approver --approves-as {said})"
            )
        held = self._roles if said is None else [said]
        if not wanted:
            return said
        # Where no more persons are wanted than roles are missing, each has to bring one of them.
        left = self.approval.required - len(self.approval.counted)
        open_to = missing if left <= len(missing) else [*missing, *wanted]
        found = next((role for role in open_to if role in held), None)
        if found is None:
            raise ConflictError(
                f"it takes a grant in the role {' or '.join(dict.fromkeys(open_to))}: a person "
                "whose token approves as that may"
            )
        return found


class RejectApproval(Step):
    """Say no; it ends the request."""

    makes = ApprovalRejected

    def check(self) -> None:
        """It can still be granted, and says why not.

        Raises:
            NotFoundError: it was not requested.
            ConflictError: it ended, or was granted.
            RefusedError: without a reason.
        """
        self.need_reason()
        self.check_open()
        if self.approval.is_complete:
            raise ConflictError("it was granted: an approver or operator withdraws it")

    def execute(self) -> None:
        """Reject it.

        Raises:
            NotFoundError: it was not requested.
            ConflictError: it ended, or was granted.
            RefusedError: without a reason.
        """
        self.check()
        self.decide(self.data | {"approver": self.by.principal})


class WithdrawApproval(Step):
    """Take a request or an approval back: who requested it, or any approver or operator."""

    makes = ApprovalWithdrawn

    def __init__(self, data: dict[str, Any], by: By, at: datetime, *, approves: bool) -> None:
        """A withdrawal.

        Args:
            data: of its event.
            by: who withdraws.
            at: the present instant.
            approves: whether they have a token of an approver or operator.
        """
        super().__init__(data, by, at)
        self._approves = approves

    def check(self) -> None:
        """It has not ended, and it is theirs to take back.

        Raises:
            NotFoundError: it was not requested.
            ConflictError: it ended, or is somebody else's.
        """
        self.check_open()
        requester = self.approval.asked.get("requester", "")
        if not self._approves and not self.approval.persons.same(requester, self.by.principal):
            raise ConflictError(
                "who requested it may withdraw it, and every approver or operator: nobody else"
            )


class ExpireApproval(Step):
    """Record that an approval's date has passed; it held no more from its date on anyhow."""

    makes = ApprovalExpired

    def check(self) -> None:
        """Its date has passed, and nothing ended it.

        Raises:
            NotFoundError: it was not requested.
            ConflictError: it ended before, or its date is still to come.
        """
        if self.approval.request is None:
            raise NotFoundError("no approval of this id was requested")
        if self.approval.ended is not None or not self.approval.is_over(self.at):
            raise ConflictError("it ended before, or its date is still to come")
