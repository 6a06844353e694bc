"""Commands of operators: about what counts, who is one person, what is excepted, who confirms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from api import facts
from api.naming import person_of
from api.proposals import proposed_at
from domain.decisions.assessing import Assess, AssessDeployment, AssessIncident, Subject
from domain.decisions.command import PREFIX
from domain.decisions.fact import FACTS, CommandProposed, Fact
from domain.decisions.linking import LinkPersons, UnlinkPersons
from domain.decisions.registering import RegisterEnvironment, RegisterService
from domain.decisions.requesting import MEANWHILE
from domain.decisions.voiding import Target, Void
from domain.decisions.waiving import GrantWaiver, RevokeWaiver
from domain.decisions.withdrawing import Withdraw
from domain.errors import ConflictError
from domain.log.entry import parse_entry
from store.credentials import Credential
from store.ledger.ledger import SERVER
from store.ledger.reader import Filter
from store.ledger.request import ConditionFailedError

if TYPE_CHECKING:
    from datetime import datetime

    from api.served import Served
    from domain.decisions.command import Command, Proposal, TwoPersonCommand
    from domain.log.key import Entropy

BY_SERVER: Final = Credential(SERVER.credential, SERVER.principal, "operator", (), None, SERVER.how)
"""The server itself: whoever works on its data, as far as it can tell."""
_ID_BYTES: Final = 10
_ASSESSING: Final[dict[str, type[Assess]]] = {
    "deployment": AssessDeployment, "incident": AssessIncident,
}  # fmt: skip
_CONFIRMED: Final[dict[str, type[TwoPersonCommand]]] = {
    "environment.registered": RegisterEnvironment, "service.registered": RegisterService,
    "waiver.granted": GrantWaiver, "person.linked": LinkPersons,
    "person.unlinked": UnlinkPersons,
}  # fmt: skip
"""What a second person may have to confirm, besides voids."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a command came to.

    Attributes:
        position: of the event it made.
        fact: that event, free text included.
    """

    position: int
    fact: Fact

    @property
    def expires(self) -> str | None:
        """Until when a second person can confirm it; None: it is decided."""
        return self.fact.data["expires"] if isinstance(self.fact, CommandProposed) else None


class Commanding:
    """What commands on one ledger share: an instant, and in whose name they are."""

    def __init__(
        self, here: Served, credential: Credential, at: datetime, entropy: Entropy
    ) -> None:
        self._here = here
        self._by = credential.by
        self._role = credential.role
        self._at = at
        self._entropy = entropy
        self._repository = facts.repository(here, credential, at, entropy)

    def _run(self, command: Command) -> Decided:
        self._repository.advance(command)
        command.execute()
        (made,) = command.new_decisions
        try:
            return Decided(self._repository.save(command), made.decision)
        except ConditionFailedError:
            raise ConflictError(MEANWHILE) from None

    def _new_id(self, prefix: str) -> str:
        """An id that nobody can have taken before."""
        return f"{prefix}-{self._entropy(_ID_BYTES).hex()}"


class Deciding(Commanding):
    """Commands about what counts, who is one person, and what is excepted."""

    def register(self, kind: str, data: dict[str, Any]) -> Decided:
        """Describe an environment or a service.

        Args:
            kind: `environment.registered` or `service.registered`.
            data: of that event.

        Raises:
            RefusedError: incomplete, or not of its form.
            ConflictError: something in the ledger forbids it, or came meanwhile.
        """
        return self._run(_CONFIRMED[kind](data, self._by, self._at))

    def link(self, person: str, other: str, reason: str | None, *, linked: bool = True) -> Decided:
        """Say that two ids are one person, or two after all.

        Args:
            person: an opaque id, or an account as `system/login` or an e-mail address.
            other: likewise.
            reason: why.
            linked: whether they are one.

        Raises:
            RefusedError: without a reason, or one id alone.
            NotFoundError: nobody was met by such an account.
            ConflictError: it is so already, or something came meanwhile.
        """
        register = self._here.register
        data = {
            "person": person_of(register, person), "other": person_of(register, other),
            "reason": reason,
        }  # fmt: skip
        kind = LinkPersons if linked else UnlinkPersons
        return self._run(kind(data, self._by, self._at))

    def waive(self, data: dict[str, Any]) -> Decided:
        """Propose an exception from a rule.

        Raises:
            RefusedError: incomplete, without a reason, or for longer than a year.
            ConflictError: the ledger has one operator, or something came meanwhile.
        """
        data = data | {"waiver": self._new_id("wvr")}
        return self._run(GrantWaiver(data, self._by, self._at))

    def revoke_waiver(self, waiver: str, reason: str | None) -> Decided:
        """Take an exception back.

        Raises:
            RefusedError: without a reason.
            NotFoundError: none of this id was granted.
            ConflictError: it ended, or something came meanwhile.
        """
        return self._run(RevokeWaiver({"waiver": waiver, "reason": reason}, self._by, self._at))

    def void(self, position: int, reason: str | None) -> Decided:
        """Let an event count no more.

        Raises:
            RefusedError: without a reason.
            NotFoundError: nothing is published there.
            ConflictError: it cannot be voided, or was, or something came meanwhile.
        """
        return self._run(self._voiding({"position": position, "reason": reason}))

    def assess(self, kind: str, source: str, identity: str, data: dict[str, Any]) -> Decided:
        """Restate what a deployment did, or what an incident was.

        Args:
            kind: `deployment` or `incident`.
            source: who reported it.
            identity: its id there.
            data: what is restated, and why.

        Raises:
            RefusedError: incomplete, or not of its form.
            NotFoundError: nobody reported it.
            ConflictError: somebody else assessed it meanwhile.
        """
        subject = Subject(kind, source, identity)
        ledger = self._here.ledger
        reported = ledger.reader.entries(
            ledger.published.size, Filter(stream=subject.stream), limit=1
        )
        return self._run(_ASSESSING[kind](subject, data, self._by, self._at, known=bool(reported)))

    def confirm(self, position: int) -> Decided:
        """Decide what another operator proposed.

        Raises:
            NotFoundError: nothing is proposed there.
            ConflictError: it cannot be confirmed any more, or not by this person, or something
                in the ledger forbids it now, or came meanwhile.
        """
        found = proposed_at(self._here.ledger, position)
        if found.command == "event.voided":
            return self._run(self._voiding(found.data, found.proposal))
        make = _CONFIRMED[found.command]
        return self._run(make(found.data, self._by, self._at, found.proposal))

    def withdraw(self, position: int, reason: str | None) -> Decided:
        """Let nobody confirm a proposal any more.

        Raises:
            NotFoundError: nothing is proposed there.
            ConflictError: it was confirmed or withdrawn, or has expired.
        """
        found = proposed_at(self._here.ledger, position)
        return self._run(
            Withdraw(
                {"reason": reason}, self._by, self._at,
                proposal=found.proposal, becoming=FACTS[PREFIX + found.command],
            )
        )  # fmt: skip

    def _voiding(self, data: dict[str, Any], proposal: Proposal | None = None) -> Void:
        ledger = self._here.ledger
        row = ledger.reader.entry(data["position"], ledger.published.size)
        context = parse_entry(row.raw).context
        target = Target(row.position, context.type, context.assurance)
        return Void(data, self._by, self._at, proposal, target=target)
