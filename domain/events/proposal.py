"""Commands that wait for a second person."""

from __future__ import annotations

from typing import Literal

from domain.events.delivery import (  # noqa: TC001 - the structure is read from them
    EnvironmentRegistered,
    ServiceRegistered,
)
from domain.events.fields import Common, Instant, Position, Text
from domain.events.governance import (  # noqa: TC001 - likewise
    PersonLinked,
    PersonUnlinked,
    WaiverGranted,
)
from domain.events.ledger import LEDGER, OPERATOR, EventVoided
from domain.events.registry import Door, event


@event("command.proposed", LEDGER, Door.COMMAND, roles=OPERATOR)
class CommandProposed(Common, kw_only=True):
    """An operator commands what a second operator has to confirm.

    Attributes:
        command: the type of the event that it will become, without prefix and version.
        expires: from then on nobody can confirm it.
        event_voided: what is commanded; so for the others. One of them is there.
    """

    command: Literal[
        "event.voided", "environment.registered", "service.registered", "waiver.granted",
        "person.linked", "person.unlinked",
    ]  # fmt: skip
    expires: Instant
    event_voided: EventVoided | None = None
    environment_registered: EnvironmentRegistered | None = None
    service_registered: ServiceRegistered | None = None
    waiver_granted: WaiverGranted | None = None
    person_linked: PersonLinked | None = None
    person_unlinked: PersonUnlinked | None = None


@event("command.withdrawn", LEDGER, Door.COMMAND, roles=OPERATOR)
class CommandWithdrawn(Common, kw_only=True):
    """What was proposed is not to be confirmed any more.

    Attributes:
        proposal: position of the proposal.
        reason: why.
    """

    proposal: Position
    reason: Text | None = None
