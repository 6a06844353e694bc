"""What one append went through; told once, when it is over."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from api.problems import status_of
from store.ledger.observer import Stage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from fastapi import Request, Response

    from store.ledger.observer import Observer

_KEY: Final = "pipeledger.journey"
_LOG: Final = logging.getLogger("pipeledger.api")


@dataclass(slots=True)
class Journey:
    """Times and callers of one request that appends.

    Attributes:
        ledger: name of the ledger.
        started: nanoseconds since the epoch.
        parent: the `traceparent` header (W3C Trace Context), or None.
        senders: `traceparent` extensions of its events.
        stages: what it went through, in order of their beginnings.
        events: how many events it brought.
        status: of the answer.
        ended: nanoseconds since the epoch.
    """

    ledger: str
    started: int
    parent: str | None
    senders: list[str] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    events: int = 0
    status: int = 0
    ended: int = 0

    def read(self, value: object, stages: list[Stage] | None = None) -> None:
        """Note an event that came in."""
        self.events += 1
        self.stages += stages or ()
        sender = value.get("traceparent") if isinstance(value, dict) else None
        if isinstance(sender, str):
            self.senders.append(sender)

    def stage(self, name: str, start: int) -> None:
        """Note a stage that ends now."""
        self.stages.append(Stage(name, start, time.time_ns()))


class Telemetry(Protocol):
    """Where it is told."""

    @property
    def observer(self) -> Observer:
        """For the recorder."""
        ...

    def tell(self, journey: Journey) -> None:
        """Take a journey that is over; quick, since the event loop waits."""
        ...

    def witnessed(self, ledger: str, behind: int, forks: int) -> None:
        """Take how many entries have no quorum of witnesses yet, and signs of other histories."""
        ...

    def close(self) -> None:
        """Send what is left."""
        ...


def journey_of(request: Request) -> Journey | None:
    """The journey of a request, or None without telemetry."""
    found: Journey | None = request.scope.get(_KEY)
    return found


def passed(request: Request, stages: Iterable[Stage]) -> None:
    """Note what the group of a request went through; nothing without telemetry."""
    if (journey := journey_of(request)) is not None:
        journey.stages += stages


async def travel(
    request: Request, ledger: str, work: Callable[[], Awaitable[Response]]
) -> Response:
    """Do the work of a request; with telemetry, tell how it went (`journey_of` while it does)."""
    telemetry: Telemetry | None = request.app.state.telemetry
    if telemetry is None:
        return await work()
    journey = Journey(ledger, time.time_ns(), request.headers.get("traceparent"))
    request.scope[_KEY] = journey
    try:
        response = await work()
        journey.status = response.status_code
    except Exception as error:
        journey.status = int(status_of(error))
        raise
    finally:
        journey.ended = time.time_ns()
        try:
            telemetry.tell(journey)
        except Exception:  # noqa: BLE001 - whatever it is, the answer goes out
            # What was done stands, and whoever sent it is told so.
            _LOG.exception("a request was not told")
    return response
