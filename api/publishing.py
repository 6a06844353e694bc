"""The catalogue of controls in effect, on record: each one that a ledger is judged by, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from api.decisions import decide
from domain.draft import Delivery, SealedPart
from domain.log.entry import parse_entry
from domain.log.names import stream_component
from domain.log.part import EVENT_PART, SALT_BYTES, Part
from store.ledger.ledger import SERVER
from store.ledger.reader import Filter

if TYPE_CHECKING:
    from datetime import datetime

    from api.served import Served
    from domain.log.key import Entropy
    from projections.catalogue import Catalogue

POLICY: Final = "pipeledger/controls"
"""The policy that the catalogue is."""
_TYPE: Final = "pipeledger.policy.published"
_PART: Final = "catalogue"
_JSON: Final = "application/json"
_PAGE: Final = 1000


def publish(here: Served, catalogue: Catalogue, at: datetime, entropy: Entropy) -> int:
    """Record the catalogue, unless it is the one that was recorded last; gives its position.

    The event carries the whole catalogue, whose SHA-256 is the digest that answers name.
    """
    position, number, last = _last(here)
    if last == catalogue.digest:
        return position
    data: dict[str, Any] = {
        "policy": POLICY, "digest": catalogue.digest, "version": str(number + 1),
        "documents": [{
            "name": _PART, "digest": catalogue.digest, "media_type": _JSON,
            "length": len(catalogue.text),
        }],
    }  # fmt: skip
    part = Part(_PART, _JSON, catalogue.text, entropy(SALT_BYTES))
    # Two processes that begin at once say the same; the same catalogue once more is another event.
    name = f"{catalogue.digest} after {position}"
    once = Delivery(f"{here.ledger.origin}/controls", name, name.encode())
    return decide(
        here.ledger, f"{_TYPE}.v1", data, SERVER, at, entropy, once, [SealedPart(part)]
    )  # fmt: skip


def warn_unrecorded(here: Served, catalogue: Catalogue) -> None:
    """Say on standard error where this catalogue is not the one that was recorded last."""
    position, _, last = _last(here)
    if last == catalogue.digest:
        return
    click.echo(
        f"warning: the catalogue of controls is not the one on record at position {position}: "
        "--controls or PIPELEDGER_CONTROLS names the folder that serve has"
        if position
        else "warning: no catalogue of controls is on record yet: serve records its own",
        err=True,
    )


def _last(here: Served) -> tuple[int, int, str]:
    """Position, number and digest of the catalogue that was recorded last; 0, 0, "": none was."""
    reader, size = here.ledger.reader, here.ledger.published.size
    wanted = Filter(stream=f"policy/{stream_component(POLICY)}", types=(_TYPE,))
    position, number, digest, after = 0, 0, "", 0
    while rows := reader.entries(size, wanted, after=after, limit=_PAGE):
        for row in rows:
            context = parse_entry(row.raw).context
            # Anybody may tell of a policy of this name; only the server's own word counts.
            if context.by != SERVER or context.assurance != "decided":
                continue
            position, number = row.position, number + 1
            event = next((one.body for one in reader.parts(row) if one.name == EVENT_PART), None)
            digest = "" if event is None else str(msgspec.json.decode(event)["data"]["digest"])
        after = rows[-1].position
    return position, number, digest
