"""Environments that are seen for the first time register themselves, if their name tells a tier.

Design section 7. Once for each environment, whatever processes serve the ledger: the append is
refused if anything was said of the environment before, by whomever.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool

from api import facts
from api.deciding import BY_SERVER
from domain.decisions.registering import SeeEnvironment
from domain.decisions.tiers import tier_of
from domain.errors import PipeledgerError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from fastapi import Request

    from api.served import Served
    from domain.draft import Draft
    from domain.log.key import Entropy
    from store.credentials import Credential

PERIOD_S: Final = 3600.0
AT_MOST: Final = 10_000
"""Environments of one credential's events that are looked for in a period; a broken sender shall
not fill the ledger."""
_TAG: Final = "environment:"
_LOG: Final = logging.getLogger("pipeledger.api")


async def look(
    request: Request, here: Served, credential: Credential, drafts: Iterable[Draft]
) -> None:
    """Register the environments of events that were just appended, before they are answered.

    The events stand whether this succeeds or not; the next one of the environment, an hour
    later, has it tried again.
    """
    seldom = request.app.state.sightings
    new = [
        draft
        for draft in drafts
        for tag in draft.tags
        if tag.startswith(_TAG) and seldom.now(tag, (here.ledger.name, credential.id))
    ]
    if new:
        state = request.app.state
        await run_in_threadpool(register, here, new, state.clock(), state.entropy)


def register(here: Served, drafts: Iterable[Draft], at: datetime, entropy: Entropy) -> None:
    """Register the environments of events whose name tells a tier."""
    for draft in drafts:
        # A tag may hold a name by its digest; the event holds the name.
        data: dict[str, Any] = msgspec.json.decode(draft.event.body)["data"]
        name = data["environment"]
        tier = tier_of(name)
        if tier is None:
            continue
        command = SeeEnvironment(name, tier, BY_SERVER.by, at)
        known = facts.repository(here, BY_SERVER, at, entropy)
        try:
            known.advance(command)
            command.execute()
            known.save(command)
        except PipeledgerError as error:
            # Also where somebody else was quicker.
            _LOG.info("an environment was not registered: %s", error)
