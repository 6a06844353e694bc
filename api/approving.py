"""Commands about approvals and emergencies, for whoever asks and whoever approves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from eventsourcing.dcb.domain import Selector

from api.deciding import Commanding, Decided
from api.doors import APPROVERS
from api.naming import meant_by, systems_of
from domain.decisions.approval import Approval, stream_of
from domain.decisions.approving import (
    ExpireApproval,
    GrantApproval,
    RejectApproval,
    WithdrawApproval,
)
from domain.decisions.authorship import Authorship
from domain.decisions.emergencies import DeclareEmergency
from domain.decisions.emergencies import stream_of as stream_of_emergency
from domain.decisions.fact import EmergencyDeclared, Fact
from domain.decisions.requesting import RequestApproval
from domain.decisions.waiving import ExpireWaiver
from domain.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from domain.decisions.approving import Step

# What an approval afterwards is of, where it does not say so itself.
_OF_EMERGENCY: Final = ("subjects", "environments", "service", "ticket")


class Approving(Commanding):
    """Commands about approvals on one ledger, at one instant, in the name of a credential."""

    def request(self, data: dict[str, Any]) -> Decided:
        """Ask for an approval; its id is made here.

        Args:
            data: of the event. With `emergency`, what it does not say is as it was declared.

        Raises:
            RefusedError: it does not say what is to be approved, its dates or numbers are none, or
                it leaves out what went ahead.
            NotFoundError: no emergency of this id was declared.
            ConflictError: something came meanwhile.
        """
        emergency = self._emergency(data)
        declared = {} if emergency is None else emergency.data
        told = {name: declared[name] for name in _OF_EMERGENCY if name in declared}
        data = self._named(told | data) | {"approval": self._new_id("apr")}
        authorship = self._authorship(data)
        erased = self._here.register.absent(sorted(authorship.persons))
        return self._run(
            RequestApproval(
                data, self._by, self._at, authorship, declared=declared, erased=erased
            )
        )  # fmt: skip

    def _named(self, data: dict[str, Any]) -> dict[str, Any]:
        """The request with the people whom its words mean.

        It is told in the ledger's own name, and nobody who makes something is known by that.
        """
        people, systems = self._here.register, systems_of(data)
        actor, authors = data.get("actor"), data.get("authors")
        if isinstance(actor, str):
            data = data | {"actor": meant_by(people, actor, systems)[0]}
        if authors:
            meant = [
                one if isinstance(one, dict) else meant_by(people, one, systems) for one in authors
            ]
            every = [who for one in meant for who in (one if isinstance(one, list) else [one])]
            data = data | {"authors": every}
        return data

    def grant(self, approval: str, data: Mapping[str, Any]) -> tuple[Decided, str]:
        """Approve; gives the state of the approval from now on, too.

        Raises:
            RefusedError: it is about other subjects than those that were asked.
            NotFoundError: it was not requested.
            ConflictError: a rule forbids it, or something came meanwhile.
        """
        asked = self.standing(approval).asked
        emergency = self._emergency(asked)
        declarer = emergency.by.principal if emergency is not None and emergency.by else None
        command = GrantApproval(
            {**data, "approval": approval}, self._by, self._at, self._authorship(asked), declarer
        )
        return self._step(command)

    def reject(self, approval: str, reason: str | None) -> tuple[Decided, str]:
        """Refuse to approve.

        Raises:
            RefusedError: without a reason.
            NotFoundError: it was not requested.
            ConflictError: it ended, was granted, or something came meanwhile.
        """
        data = {"approval": approval, "reason": reason}
        return self._step(RejectApproval(data, self._by, self._at))

    def withdraw(self, approval: str, reason: str | None) -> tuple[Decided, str]:
        """Take a request or an approval back.

        Raises:
            NotFoundError: it was not requested.
            ConflictError: it ended, is somebody else's, or something came meanwhile.
        """
        data = {"approval": approval, "reason": reason}
        approves = self._role in APPROVERS
        return self._step(WithdrawApproval(data, self._by, self._at, approves=approves))

    def expire(self, approval: str) -> Decided:
        """Record that an approval's date has passed.

        Raises:
            NotFoundError: it was not requested.
            ConflictError: it ended before, its date is still to come, or something came meanwhile.
        """
        return self._run(ExpireApproval({"approval": approval}, self._by, self._at))

    def expire_waiver(self, waiver: str) -> Decided:
        """Record that a waiver's date has passed.

        Raises:
            NotFoundError: none of this id was granted.
            ConflictError: it ended before, its date is still to come, or something came meanwhile.
        """
        return self._run(ExpireWaiver({"waiver": waiver}, self._by, self._at))

    def declare(self, data: dict[str, Any]) -> Decided:
        """Let a change go ahead before its approval; the emergency's id is made here.

        Raises:
            RefusedError: it does not say why or what, or its date is none.
            ConflictError: something came meanwhile.
        """
        data = data | {"emergency": self._new_id("emg")}
        return self._run(DeclareEmergency(data, self._by, self._at))

    def standing(self, approval: str) -> Approval:
        """An approval as it stands.

        Raises:
            NotFoundError: it was not requested.
        """
        found = Approval()
        for fact in self._facts([Selector(Approval.STEPS, [stream_of(approval)])]):
            found.learn(fact)
        if found.request is None:
            raise NotFoundError("no approval of this id was requested")
        return found

    def _step(self, command: Step) -> tuple[Decided, str]:
        done = self._run(command)
        return done, command.approval.state(self._at)

    def _emergency(self, data: Mapping[str, Any]) -> Fact | None:
        """The emergency that is approved afterwards: told once, it never changes.

        Raises:
            NotFoundError: none of this id was declared.
        """
        named = data.get("emergency")
        if named is None:
            return None
        wanted = Selector([EmergencyDeclared], [stream_of_emergency(named)])
        found = next(self._facts([wanted]), None)
        if found is None:
            raise NotFoundError("no emergency of this id was declared")
        return found

    def _authorship(self, data: Mapping[str, Any]) -> Authorship:
        """Who made the subjects, as far as the ledger knows at this moment.

        What is learned leads to more: a release to its artifacts, an artifact to its commits.

        Raises:
            RefusedError: too many commits stand behind them.
        """
        found = Authorship(data.get("subjects") or (), data.get("service"))
        wanted = found.selectors()
        while True:
            for fact in self._facts(wanted):
                found.learn(fact)
            more = found.selectors()
            if more == wanted:
                return found
            wanted = more

    def _facts(self, wanted: Iterable[Selector]) -> Iterator[Fact]:
        selectors = list(wanted)
        if selectors:
            for event in self._repository.eventstore.read(selectors):
                yield event.decision
