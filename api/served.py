"""One ledger that is served: its recorder, and what stands around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.later import Later
    from api.making import Packs
    from api.witness.cosigners import Cosigners
    from projections.history import History
    from projections.local import LocalHistory
    from store.credentials import Tokens
    from store.emitters import Emitters
    from store.ledger.ledger import Ledger
    from store.people.register import Register
    from store.source_counts import SourceCounts
    from store.sources import Sources


@dataclass(frozen=True, slots=True)
class Served:
    """One open ledger and what stands around it.

    Attributes:
        ledger: the recorder and readers.
        register: who the persons are.
        tokens: who may come in.
        emitters: whose signatures count.
        sources: which systems deliver by webhook.
        counts: what came from them.
        past: gives `history`, which is made when somebody asks.
        derived: gives `whole`, likewise.
        packs: evidence that auditors asked for.
        session_key: signs the sessions of people who look at its console.
        cosigners: the witnesses that see its checkpoints.
    """

    ledger: Ledger
    register: Register
    tokens: Tokens
    emitters: Emitters
    sources: Sources
    counts: SourceCounts
    past: Later[History]
    derived: Later[LocalHistory]
    packs: Packs
    session_key: bytes = field(repr=False)
    cosigners: Cosigners

    @property
    def history(self) -> History:
        """What can be asked of its past."""
        return self.past.get()

    @property
    def whole(self) -> LocalHistory:
        """The same with all its rows at hand, derived by this process."""
        return self.derived.get()

    def close(self) -> None:
        """Close the ledger and what follows it."""
        self.cosigners.close()
        self.packs.close()
        self.past.close()
        self.derived.close()
        self.ledger.close()
