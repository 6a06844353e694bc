"""Which role may do what, and which events a credential may send."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from domain.errors import ForbiddenError
from domain.events import TYPES, Door

if TYPE_CHECKING:
    from domain.event import Event
    from store.credentials import Credential

READERS: Final = ("auditor", "operator", "approver", "emitter")
"""Roles that may read entries, streams and proofs."""
APPROVERS: Final = ("approver", "operator")
"""Roles whose tokens approve."""
PART_READERS: Final = ("auditor", "operator")
"""Roles that may read the bytes of parts, and what is made of them."""
TRACERS: Final = ("approver", *PART_READERS)
"""Roles that may follow a line: who approves sees what it is."""


def check_role(credential: Credential, roles: tuple[str, ...], what: str) -> None:
    """Refuse a credential whose role may not do this.

    Raises:
        ForbiddenError: names what was wanted.
    """
    if credential.role not in roles:
        raise ForbiddenError(what, f"the role {credential.role} may not do this")


DoorCheck = Callable[["Credential", "Event"], None]
"""Refuses an event that may not come this way: raises `ForbiddenError`."""

_OF_SOURCES: Final = frozenset({"pipeledger.source.heartbeat", "pipeledger.source.unmapped"})


def check_intake(credential: Credential, event: Event) -> None:
    """Refuse an event that a system's own delivery may not become.

    What a system reports is not its own decision, so no role is asked for.

    Raises:
        ForbiddenError: its family is made by the ledger's own commands.
    """
    del credential
    kind = TYPES[event.type]
    if kind.door is not Door.EMIT and event.type not in _OF_SOURCES:
        raise ForbiddenError("field type", f"{kind.versioned} is made by the ledger's own commands")


def check_command(credential: Credential, event: Event) -> None:
    """Refuse an event that this credential may not have the ledger decide.

    What the rules of the command forbid was refused before.

    Raises:
        ForbiddenError: the role may not command it.
    """
    kind = TYPES[event.type]
    if credential.role not in kind.roles:
        raise ForbiddenError("field type", f"the role {credential.role} may not command this")


def check_door(credential: Credential, event: Event) -> None:
    """Refuse an event that this credential may not send through `POST events`.

    Raises:
        ForbiddenError: its family comes through another door, the role may not send it, or the
            source is not the credential's.
    """
    kind = TYPES[event.type]
    if kind.door is not Door.EMIT:
        raise ForbiddenError(
            "field type", f"{kind.versioned} is made by the ledger's own commands, not sent"
        )
    if credential.role not in kind.roles:
        raise ForbiddenError("field type", f"the role {credential.role} may not send this type")
    if credential.sources and not event.source.startswith(credential.sources):
        raise ForbiddenError("field source", "this credential may not use this source")
