"""Facts of what is not sealed are kept while it grows, and are those that are derived at once."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.events import TYPES
from domain.events.examples import example
from projections.definitions import definitions
from projections.engine import Engine
from projections.growing import grown
from tests.projections.story import Story

if TYPE_CHECKING:
    from projections.live import Snapshot

FACTS: Final = [one for one in definitions().values() if one.layer == "facts"]
DEPLOYMENTS: Final = definitions()["deployment_facts"]
KINDS: Final = sorted(
    kind.name.removeprefix("pipeledger.") for kind in TYPES.values()
    if kind.name != "pipeledger.part.redacted"
)  # fmt: skip
FINDINGS: Final = [{"rule": "a"}, {"rule": "b"}]
tellings = st.lists(st.sampled_from([*KINDS, *["scan.finished"] * 20]), min_size=1, max_size=20)
redactions = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["event", "findings"])),
                      max_size=2)  # fmt: skip
"""After the events of a step: of which entry, and which of its parts."""


def tell(story: Story, kind: str) -> None:
    """Tell the example of a type."""
    told = example(TYPES[f"pipeledger.{kind}"])
    found = FINDINGS if kind == "scan.finished" else None
    story.tell(kind, told["time"], found=found, **told["data"])


def facts(engine: Engine, snapshot: Snapshot) -> dict[str, pa.Table]:
    """All facts of a state."""
    return {one.name: engine.facts(one, snapshot)[1] for one in FACTS}


def at_once(snapshot: Snapshot) -> dict[str, pa.Table]:
    """The same by an engine that knows nothing."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder), threads=1)
        try:
            return facts(engine, snapshot)
        finally:
            engine.close()


def without_events(snapshot: Snapshot, upto: int) -> Snapshot:
    """The same state, as it says, with nothing in its first events: what is told of them was kept.

    Args:
        snapshot: a state.
        upto: so many.
    """
    at = snapshot.tail.schema.get_field_index("event")
    texts = [None] * upto + snapshot.tail["event"][upto:].to_pylist()
    return replace(
        snapshot, tail=snapshot.tail.set_column(at, "event", pa.array(texts, pa.string()))
    )


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(tellings, redactions), min_size=2, max_size=4))
def test_facts_that_were_extended_are_those_derived_at_once(
    steps: list[tuple[list[str], list[tuple[int, str]]]],
) -> None:
    """Of every definition, step by step, with redactions in between; and of the states before."""
    story, seen = Story(), []
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder), threads=1)
        for kinds, gone in steps:
            for kind in kinds:
                tell(story, kind)
            for number, part in gone:
                position = 1 + number % story.snapshot().size
                if part == "event" or story.parts([part], position - 1, position).num_rows:
                    story.redact(position, part)
            seen.append(story.snapshot())
            assert facts(engine, seen[-1]) == at_once(seen[-1])
        assert facts(engine, seen[0]) == at_once(seen[0])
        engine.close()


def test_what_was_derived_of_an_event_is_not_derived_again(tmp_path: Path) -> None:
    """Only what came after it is; an older state has the first of them."""
    story = Story()
    engine = Engine(tmp_path, threads=1)
    for _ in range(3):
        tell(story, "deployment.finished")
    before = engine.facts(DEPLOYMENTS, story.snapshot())[1]
    older = story.snapshot()
    tell(story, "commit.pushed")
    tell(story, "deployment.started")
    wanted = at_once(story.snapshot())["deployment_facts"]
    assert wanted.num_rows == 4
    assert engine.facts(DEPLOYMENTS, without_events(story.snapshot(), 3))[1] == wanted
    assert engine.facts(DEPLOYMENTS, without_events(older, 3))[1] == before
    engine.close()


def test_another_ledger_and_a_redacted_one_have_facts_of_their_own(tmp_path: Path) -> None:
    """Though as many events were told there."""
    story, other = Story(), Story()
    engine = Engine(tmp_path, threads=1)
    tell(story, "deployment.finished")
    tell(other, "deployment.started")
    assert engine.facts(DEPLOYMENTS, story.snapshot())[1]["what"].to_pylist() == ["finished"]
    assert engine.facts(DEPLOYMENTS, other.snapshot())[1]["what"].to_pylist() == ["started"]
    story.redact(1)
    assert engine.facts(DEPLOYMENTS, story.snapshot())[1]["redacted"].to_pylist() == [True]
    engine.close()


def test_a_table_that_grows_row_by_row_stays_in_few_pieces() -> None:
    """As many as the number of its rows has binary digits, with every row in its place."""
    table = pa.table({"position": pa.array([], pa.int64())})
    for number in range(1000):
        table = grown(table, pa.table({"position": [number]}))
        assert table["position"].num_chunks <= (number + 1).bit_length()
    assert table["position"].to_pylist() == list(range(1000))
    assert grown(table, table[:0]) == grown(table[:0], table) == table
