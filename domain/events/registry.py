"""Every event type: what its data is, who may send it by which door."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeVar

from domain.events.fields import Common

if TYPE_CHECKING:
    from collections.abc import Callable

TYPE: Final = re.compile(r"pipeledger(?:\.[a-z]+){2,3}")


class Door(Enum):
    """How an event may come in."""

    EMIT = "events, intake, reports"
    """Emitters state it: `POST events`, a webhook, a report file."""
    COMMAND = "command"
    """Only a command of this ledger makes it, after its invariants were checked."""
    SERVER = "server"
    """Only the ledger itself makes it."""


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event.

    Attributes:
        name: stored type, without version.
        version: the newest version, from 1.
        family: the table of the vocabulary it stands in.
        data: structure of its data.
        door: how it may come in.
        roles: roles whose credentials may send it.
        least: least assurance it can have.
        doc: what it says, one sentence.
    """

    name: str
    version: int
    family: str
    data: type[Common]
    door: Door
    roles: tuple[str, ...]
    least: str
    doc: str

    @property
    def versioned(self) -> str:
        """The CloudEvents type: with prefix and version."""
        return f"{self.name}.v{self.version}"


TYPES: Final[dict[str, EventType]] = {}
"""By stored type."""

_ROLES: Final = {
    Door.EMIT: ("emitter", "approver", "operator"),
    Door.COMMAND: ("approver", "operator"),
    Door.SERVER: (),
}

D = TypeVar("D", bound=type[Common])


def event(
    name: str,
    family: str,
    door: Door = Door.EMIT,
    *,
    roles: tuple[str, ...] | None = None,
    least: str | None = None,
) -> Callable[[D], D]:
    """Register the decorated structure as version 1 of `pipeledger.<name>`."""
    stored = f"pipeledger.{name}"
    if TYPE.fullmatch(stored) is None or stored in TYPES:
        raise ValueError(f"no new type: {stored}")

    def register(data: D) -> D:
        TYPES[stored] = EventType(
            name=stored,
            version=1,
            family=family,
            data=data,
            door=door,
            roles=_ROLES[door] if roles is None else roles,
            least=least or ("imported" if door is Door.EMIT else "decided"),
            doc=(data.__doc__ or "").strip().split("\n")[0],
        )
        return data

    return register
