"""Environments and services are described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from eventsourcing.dcb.domain import Selector

from domain.decisions.command import Command, TwoPersonCommand
from domain.decisions.fact import EnvironmentRegistered, Fact, ServiceRegistered
from domain.errors import RefusedError
from domain.log.names import tag

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from domain.decisions.command import Proposal
    from domain.log.by import By

_TOLD: Final = (
    "team", "repositories", "criticality", "scope", "deployment_source"
)  # fmt: skip


class RegisterEnvironment(TwoPersonCommand):
    """Say which tier an environment has, and since when."""

    makes = EnvironmentRegistered

    def __init__(
        self, data: dict[str, Any], by: By, at: datetime, proposal: Proposal | None = None
    ) -> None:
        super().__init__(data | {"basis": "operator"}, by, at, proposal)

    def consistency_boundary(self) -> list[Selector]:
        """Besides the operators: what else is said of this environment."""
        return [*super().consistency_boundary(), _of_environment(self.data)]

    def check(self) -> None:
        """Whoever changes a tier says why.

        Raises:
            RefusedError: without a reason.
        """
        self.need_reason()


class RegisterService(TwoPersonCommand):
    """Say whose a service is and what it is built from; what is left out stays as it was."""

    makes = ServiceRegistered

    def consistency_boundary(self) -> list[Selector]:
        """Besides the operators: what else is said of this service."""
        own = Selector([self.makes], [tag("service", str(self.data.get("service")))])
        return [*super().consistency_boundary(), own]

    def check(self) -> None:
        """Something is said of it.

        Raises:
            RefusedError: nothing but the name.
        """
        if all(self.data.get(name) is None for name in _TOLD):
            raise RefusedError("field service", f"say one of {', '.join(_TOLD)} of it")


class SeeEnvironment(Command):
    """The ledger says of an environment it sees first what its name tells."""

    makes = EnvironmentRegistered

    def __init__(self, environment: str, tier: str, by: By, at: datetime) -> None:
        super().__init__({"environment": environment, "tier": tier, "basis": "name"}, by, at)
        self._known = False

    def consistency_boundary(self) -> list[Selector]:
        """What is said of this environment."""
        return [_of_environment(self.data)]

    def learn(self, fact: Fact) -> None:
        """Take in that something was said before."""
        del fact
        self._known = True

    def check(self) -> None:
        """A name is free to mean what it says."""

    def execute(self) -> None:
        """Say it, unless something was said before."""
        if not self._known:
            self.decide(self.data)


def _of_environment(data: dict[str, Any]) -> Selector:
    return Selector([EnvironmentRegistered], [tag("environment", str(data.get("environment")))])
