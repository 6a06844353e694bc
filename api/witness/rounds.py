"""Has checkpoints cosigned in the background, and records who saw how much of the ledger.

`checkpoint.witnessed` is an event itself, with a checkpoint of its own, which is cosigned in turn.
So that this ends, a witness is recorded only where it saw something that is no such event, and at
most once in PERIOD_OF_RECORDS_S: between two records of one witness lies an entry of somebody else.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from api.decisions import decide
from domain.draft import Delivery
from domain.errors import PipeledgerError
from domain.instant import write_time
from domain.log.checkpoint import Checkpoint
from store.ledger.ledger import SERVER
from store.ledger.reader import Filter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from api.served import Served
    from api.telemetry.journey import Telemetry
    from api.witness.cosigners import Cosigners
    from domain.log.key import Entropy

PERIOD_S: Final = 5.0
"""How often a new checkpoint is sent; whatever was published in between goes with it."""
PERIOD_OF_RECORDS_S: Final = 600
_TYPE: Final = "pipeledger.checkpoint.witnessed"
_LOG: Final = logging.getLogger("pipeledger.witness")


def go_round(here: Served, now: datetime, entropy: Entropy) -> list[str]:
    """Send the newest checkpoint, record who saw something new; the names of those."""
    cosigners = here.cosigners
    if not cosigners.policy.witnesses:
        return []
    note = cosigners.collect(here.ledger.published.checkpoint)
    checkpoint = Checkpoint.of(note)
    size = checkpoint.size
    recorded = []
    for found in cosigners.policy.cosignatures(note):
        if not _is_news(here, cosigners, found.witness.id, size, now):
            continue
        data = {
            "size": size, "witness": found.witness.name, "root": checkpoint.root.hex(),
            "cosigned_at": write_time(datetime.fromtimestamp(found.time, UTC)),
        }  # fmt: skip
        # Two processes of one ledger may see the same; what they say of it is one event.
        name = f"{found.witness.id} {size}"
        once = Delivery(f"{here.ledger.origin}/witnesses", name, name.encode())
        decide(here.ledger, f"{_TYPE}.v1", data, SERVER, now, entropy, once)
        cosigners.record(found.witness.id, size)
        recorded.append(found.witness.name)
    return recorded


def watch(
    served: Iterable[Served],
    clock: Callable[[], datetime],
    entropy: Entropy,
    telemetry: Telemetry | None = None,
) -> None:
    """Go round for every ledger; what fails is tried again the next time."""
    for here in served:
        try:
            go_round(here, clock(), entropy)
        except PipeledgerError as error:
            _LOG.warning("witnesses were not asked: %s", error)
        except Exception:  # noqa: BLE001 - the next round must come, whatever it is
            _LOG.exception("witnesses were not asked")
        covered = here.cosigners.covered
        if telemetry is not None and covered is not None:
            forks = len(here.cosigners.evidence.of(here.ledger.origin))
            telemetry.witnessed(here.ledger.name, here.ledger.published.size - covered, forks)


def _is_news(
    here: Served, cosigners: Cosigners, witness: str, size: int, now: datetime
) -> bool:  # fmt: skip
    standing = cosigners.standings()[witness]
    new = size - standing.recorded
    if new <= 0 or now.timestamp() < standing.recorded_at + PERIOD_OF_RECORDS_S:
        return False
    few = len(cosigners.policy.witnesses) * 2 + 1
    if new > few:
        return True
    wanted = Filter(types=(_TYPE,))
    rows = here.ledger.reader.entries(size, wanted, after=standing.recorded, limit=few)
    return len(rows) < new
