"""Whatever happens in whatever order: what was acknowledged is there once, and all verifies."""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from api.guards.witness import WitnessGuard
from api.witness.tree import LedgerTree
from store.ledger.guard import FileGuard
from store.ledger.keys import LedgerKeys
from store.ledger.opening import Place
from tests.store.ledger.interleaving import Scenario, Sent
from tests.witnessing import witnessing

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.ledger.guard import Guard
    from store.postgres.database import Database

pytestmark = pytest.mark.hypothesis
_names = count(1)
servers = st.sampled_from([0, 1])
sent = st.builds(
    Sent,
    number=st.integers(0, 12),
    other=st.sampled_from([False, False, False, True]),
    long=st.sampled_from([False] * 7 + [True]),
)


class Interleaving(RuleBasedStateMachine):
    """Appends, conflicts, decisions, redactions, rotations, outages, restarts."""

    database: Database
    folder: Path
    guarding: Callable[[str, str, Place], Guard]
    learn: Callable[[str, Place], None]

    scenario: Scenario | None = None

    @initialize()
    def begin(self) -> None:
        """A ledger of its own."""
        name = f"mixed-{next(_names)}"
        place = Place(Path(tempfile.mkdtemp(dir=self.folder)) / "ledger")
        guarding = type(self).guarding
        self.scenario = Scenario(
            name,
            place,
            self.database,
            lambda origin, schema: guarding(origin, schema, place),
            lambda: datetime.now(UTC),
        )

    @property
    def there(self) -> Scenario:
        """The scenario that goes on."""
        assert self.scenario is not None
        return self.scenario

    @rule(server=servers, several=st.lists(sent, min_size=1, max_size=5), atomic=st.booleans())
    def send(self, server: int, several: list[Sent], atomic: bool) -> None:  # noqa: FBT001
        """A batch, with repeats and conflicts in it."""
        self.there.send(server, several, atomic=atomic)

    @rule(server=servers, first=st.integers(20, 400))
    def send_many(self, server: int, first: int) -> None:
        """Enough to fill tiles."""
        self.there.send(server, [Sent(first + more) for more in range(60)], atomic=False)

    @rule(server=servers, seat=st.integers(0, 2))
    def take(self, server: int, seat: int) -> None:
        """A decision that excludes others."""
        self.there.take(server, seat)

    @rule(server=servers, nth=st.integers(0, 30))
    def redact(self, server: int, nth: int) -> None:
        """The bytes of some event go."""
        self.there.redact(server, nth)

    @rule(server=servers, purpose=st.sampled_from(["intake", "log"]), end=st.booleans())
    def rotate(self, server: int, purpose: str, end: bool) -> None:  # noqa: FBT001
        """A key is replaced, step by step; whoever guards the log is told of it in time."""
        type(self).learn(self.there.origin, self.there.place)
        self.there.rotate(server, purpose, end=end)

    @rule(server=servers)
    def restart(self, server: int) -> None:
        """One of the servers ends and starts."""
        self.there.restart(server)

    @rule(swaps=st.integers(1, 7), done=st.booleans())
    def outage(self, swaps: int, done: bool) -> None:  # noqa: FBT001
        """The guard is away for some swaps, or does them and does not say so."""
        self.there.guard.left, self.there.guard.done_anyway = swaps, done

    @rule()
    def end_sessions(self) -> None:
        """Every connection to the database ends."""
        self.there.end_sessions()

    def teardown(self) -> None:
        """Everything is looked at."""
        if self.scenario is None:
            return
        try:
            self.scenario.finish()
        finally:
            self.scenario.close()
            shutil.rmtree(self.scenario.place.folder.parent)


def run(
    database: Database,
    folder: Path,
    guarding: Callable[[str, str, Place], Guard],
    examples: int,
    steps: int,
    learn: Callable[[str, Place], None] = lambda _, __: None,
) -> None:
    """Run so many interleavings of so many steps."""
    machine = type(
        "Here",
        (Interleaving,),
        {
            "database": database,
            "folder": folder,
            "guarding": staticmethod(guarding),
            "learn": staticmethod(learn),
        },
    )
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None,
            suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate),
        ),
    )  # fmt: skip


def in_folder(_: str, __: str, place: Place) -> Guard:
    """A guard beside the ledger."""
    return FileGuard(place.folder.parent / "guard")


def test_a_few_interleavings_end_in_a_sound_ledger(
    ledger_database: Database, tmp_path: Path
) -> None:
    """The short run; the long ones take up many more."""
    run(ledger_database, tmp_path, in_folder, examples=4, steps=12)


@pytest.mark.long
def test_many_interleavings_end_in_a_sound_ledger(
    ledger_database: Database, tmp_path: Path
) -> None:
    """With a guard beside the ledger."""
    run(ledger_database, tmp_path, in_folder, examples=25, steps=30)


@pytest.mark.long
def test_interleavings_with_witness_outages_end_in_a_sound_ledger(
    ledger_database: Database, tmp_path: Path
) -> None:
    """With a witness that is away at times, and knows each new key before it is the only one."""
    with witnessing(tmp_path / "witness") as witness:

        def learn(origin: str, place: Place) -> None:
            for key in LedgerKeys.load(place.keys, origin).verifiers(origin):
                if key.vkey() not in witness.known:
                    witness.know(key.vkey())

        def guarding(origin: str, schema: str, place: Place) -> Guard:
            LedgerKeys.create(place.keys, origin, os.urandom)
            learn(origin, place)
            prove = LedgerTree(ledger_database, schema).prove
            return WitnessGuard(witness.client(), origin, prove)

        run(ledger_database, tmp_path, guarding, examples=12, steps=25, learn=learn)
