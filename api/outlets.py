"""Where the events of a ledger leave for other systems, on command or while the server runs."""

from __future__ import annotations

import contextlib
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from api.figures import figures
from api.periodic import Periodic
from domain.errors import PipeledgerError
from exporters.outgoing import Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from api.served import Served
    from exporters.otlp.sending import Sending
    from exporters.outgoing import Sent

OTLP: Final = "otlp"
PERIOD_S: Final = 10.0
"""How often a running server sends what is new."""
FIGURES_S: Final = 60.0
"""How often it sends figures."""
_LOG: Final = logging.getLogger("pipeledger.exporters")


def send_new(
    here: Served,
    folder: Path,
    name: str,
    send: Callable[[Any], None],
    **options: Any,  # noqa: ANN401 - as `Outgoing.run` takes them
) -> Sent:
    """Send what has not left yet.

    Args:
        here: the ledger.
        folder: where marks lie.
        name: of the receiver.
        send: as `Outgoing.run` takes it.
        options: as `Outgoing.run` takes them.

    Raises:
        PipeledgerError: as `Outgoing` says.
    """
    reader = here.ledger.columns()
    try:
        outgoing = Outgoing(reader, here.ledger.origin, folder, name)
        return outgoing.run(here.ledger.published.size, send, **options)
    finally:
        reader.close()


@contextlib.contextmanager
def telling(
    ledgers: Sequence[tuple[Served, Path]], clock: Callable[[], datetime]
) -> Iterator[None]:
    """Send events and figures of these ledgers by OTLP for the length of the block."""
    from exporters.otlp.sending import Sending  # noqa: PLC0415 - the SDK loads only to send

    sending = Sending()
    with Periodic(PERIOD_S, Telling(ledgers, sending, clock).tell, at_once=True):
        try:
            yield
        finally:
            # First, for it ends the patience with a receiver that does not answer.
            sending.close()


@dataclass(slots=True)
class Telling:
    """Sends the events of all ledgers of a server by OTLP, again and again.

    Attributes:
        ledgers: each with the folder of its marks.
        sending: to whom.
        clock: tells the time.
    """

    ledgers: Iterable[tuple[Served, Path]]
    sending: Sending
    clock: Callable[[], datetime]
    _told_at: float = float("-inf")

    def tell(self) -> None:
        """Send what is new; what fails is tried again the next time, from where it stopped."""
        due = time.monotonic() - self._told_at >= FIGURES_S
        for here, folder in self.ledgers:
            try:
                send_new(here, folder, OTLP, self.sending.send)
                if due:
                    self.sending.send_figures(figures(here, self.clock()))
            except PipeledgerError as error:
                _LOG.warning("nothing was sent by OTLP: %s", error)
        if due:
            self._told_at = time.monotonic()
