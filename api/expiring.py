"""Records that the dates of approvals and waivers passed, once for each.

Nothing depends on it: whoever reads judges by the date itself. It is there so that an end stands
in the ledger as every other step does.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

from api.approving import Approving
from api.deciding import BY_SERVER
from api.facts import FactMapper
from domain.decisions.approval import Approval
from domain.decisions.fact import (
    ApprovalGranted,
    ApprovalRequested,
    Fact,
    WaiverExpired,
    WaiverGranted,
    WaiverRevoked,
)
from domain.errors import ConflictError, PipeledgerError
from domain.instant import read_time

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from api.served import Served
    from domain.log.key import Entropy

PERIOD_S: Final = 60.0
"""How often somebody looks."""
_PAGE: Final = 1000
_KINDS: Final[tuple[type[Fact], ...]] = (
    *Approval.STEPS,
    WaiverGranted,
    WaiverRevoked,
    WaiverExpired,
)
_STEPS: Final = DCBQuery(items=[DCBQueryItem(types=[kind.TOPIC for kind in _KINDS])])
_LOG: Final = logging.getLogger("pipeledger.api")


class Dates:
    """The dates to come of several ledgers; each step of an approval or waiver is read once."""

    def __init__(self, served: Iterable[Served]) -> None:
        self._ledgers = [_Dates(here) for here in served]

    def sweep(self, at: datetime, entropy: Entropy) -> list[str]:
        """Record what ended by its date and is not recorded; gives the ids.

        It may be called by several processes and as often as one likes. What fails is tried again
        the next time.
        """
        found = []
        for one in self._ledgers:
            try:
                found += one.sweep(at, entropy)
            except PipeledgerError as error:
                _LOG.warning("dates could not be looked through: %s", error)
        return found


class _Dates:
    """The dates to come of one ledger."""

    def __init__(self, here: Served) -> None:
        self._here = here
        self._read = 0
        self._due: dict[tuple[str, str], datetime] = {}

    def sweep(self, at: datetime, entropy: Entropy) -> list[str]:
        self._learn(at, entropy)
        command = Approving(self._here, BY_SERVER, at, entropy)
        found = []
        for kind, identity in [one for one, until in self._due.items() if until <= at]:
            try:
                if kind == "approval":
                    command.expire(identity)
                else:
                    command.expire_waiver(identity)
            except ConflictError as error:
                # Somebody ended it at this moment: the next reading tells.
                _LOG.info("an end by date was not recorded: %s", error)
            else:
                found.append(identity)
        return found

    def _learn(self, at: datetime, entropy: Entropy) -> None:
        mapper = FactMapper(self._here, BY_SERVER, at, entropy)
        while True:
            page = list(self._here.ledger.read(_STEPS, after=self._read, limit=_PAGE))
            for told in page:
                self._take(mapper.to_domain_event(told.event).decision)
            if page:
                self._read = page[-1].position
            if len(page) < _PAGE:
                return

    def _take(self, fact: Fact) -> None:
        said = fact.data
        kind = fact.TOPIC.split(".")[1]
        identity = said.get(kind)
        if identity is None or isinstance(fact, ApprovalGranted):
            return
        if isinstance(fact, ApprovalRequested | WaiverGranted):
            until = said.get("valid_until" if kind == "approval" else "expires")
            if until is not None:
                self._due[kind, identity] = read_time(until, "field data")
        else:
            self._due.pop((kind, identity), None)
