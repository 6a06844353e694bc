"""Facts can be derived from any event, whatever stands in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest

from domain.events import TYPES
from domain.events.examples import example
from projections.contract import table
from projections.definitions import definitions
from projections.engine import Engine
from projections.live import Snapshot
from projections.shelf import Kept
from tests.projections.story import ORIGIN, Story, viewing

if TYPE_CHECKING:
    from pathlib import Path

FACTS = sorted(one.name for one in definitions().values() if one.layer == "facts")


def test_the_example_of_every_type_becomes_facts(tmp_path: Path) -> None:
    """No fact's definition fails on any of them, and each finds some."""
    story = Story()
    for kind in TYPES.values():
        told = example(kind)
        name = kind.versioned.removeprefix("pipeledger.").removesuffix(".v1")
        if name != "event.voided":
            found = [{"rule": "x"}] if name == "scan.finished" else None
            story.tell(name, told["time"], found=found, **told["data"])
    story.redact(story.tell("tests.finished", "2026-03-01T10:00:00Z", outcome="success"))
    with viewing(story, tmp_path) as view:
        empty = [name for name in FACTS if not view.table(name).num_rows and name != "corrections"]
    assert empty == []


@pytest.mark.parametrize("name", FACTS)
def test_what_did_not_come_through_the_door_breaks_no_facts(name: str, tmp_path: Path) -> None:
    """Texts where lists belong, lists where numbers belong, no data at all, no JSON at all."""
    kinds = {kind.name for kind in TYPES.values()}
    strange: list[Any] = [
        "x",
        [],
        {},
        7,
        None,
        True,
        ["y"],
        {"a": {"b": []}},
        [{"digest": 1}],
        1e308,
    ]
    fields = sorted({
        field for kind in TYPES.values() for field in example(kind)["data"]
    } | {"position", "number", "commits", "artifacts"})  # fmt: skip
    events = [{"data": dict.fromkeys(fields, value)} for value in strange]
    texts = [json.dumps(event) for event in events] + [None, "{}", "[]", "1", '"x"']
    rows = [(kind, text) for kind in sorted(kinds) for text in texts]
    contract = table("events").arrow
    filled: dict[str, list[Any]] = {column: [None] * len(rows) for column in contract.names}
    filled |= {
        "position": list(range(1, len(rows) + 1)),
        "type": [kind for kind, _ in rows],
        "event": [text for _, text in rows],
    }
    rows_of_it = [dict.fromkeys(["line", "tool", "suppressed"], one) for one in strange]
    lines = ['{"a":', "", *map(json.dumps, strange), *map(json.dumps, rows_of_it)]
    told: dict[str, list[Any]] = {
        "position": [1] * len(lines), "part": ["findings"] * len(lines),
        "line": list(range(len(lines))), "text": lines, "salt": [b""] * len(lines),
    }  # fmt: skip
    documents = Kept((), pa.table(told, table("documents").arrow))
    snapshot = Snapshot(
        ORIGIN, len(rows), b"", b"", (), pa.table(filled, contract), (1, 0), lambda: documents
    )
    engine = Engine(tmp_path, threads=1)
    _, found = engine.facts(definitions()[name], snapshot)
    engine.close()
    assert found.num_rows > 0


@pytest.mark.parametrize("name", [one for one in FACTS if definitions()[one].types])
def test_facts_are_of_the_types_that_they_name_and_of_no_others(name: str) -> None:
    """A segment without these is not looked through."""
    types = sorted({kind.name for kind in TYPES.values()} | {"pipeledger.some.other", "plain"})
    contract = table("events").arrow
    filled: dict[str, list[Any]] = {column: [None] * len(types) for column in contract.names}
    filled |= {"type": types, "position": list(range(len(types)))}
    with duckdb.connect() as database:
        database.register("events", pa.table(filled, contract))
        found = database.sql(definitions()[name].text).to_arrow_table()["position"].to_pylist()
    assert {types[at] for at in found} == definitions()[name].types


def test_facts_of_events_name_their_types_unless_they_are_of_all_events() -> None:
    """Or every segment would be looked through for them."""
    nameless = [name for name in FACTS if not definitions()[name].types]
    assert nameless == ["event_facts", "finding_facts"]


def test_plain_bytes_break_no_facts(tmp_path: Path) -> None:
    """A plain recorder takes anything."""
    story = Story()
    story.keep(b"no JSON")
    with viewing(story, tmp_path) as view:
        assert view.table("event_facts")["workload"].to_pylist() == [None]
