"""What is generated from the vocabulary: schemas, examples, the page about events."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from domain.door import read_json
from domain.event import read_event
from domain.events import TYPES
from domain.events.controls import CONTROLS
from domain.events.schema import files
from domain.events.streams import streams_of, tags_of
from domain.log.names import check_stream, check_tag

ROOT = Path(__file__).resolve().parents[3]
EVENTS = ROOT / "schema" / "events"


def test_what_is_kept_is_what_the_code_makes() -> None:
    """Nothing is missing, stale or left over; `make generate` writes it anew."""
    made = files()
    stale = [str(place) for place, text in made.items() if (ROOT / place).read_text() != text]
    assert stale == []
    kept = {path.relative_to(ROOT) for path in EVENTS.glob("*.json")}
    assert kept == {place for place in made if place.suffix == ".json"}


@pytest.mark.parametrize("name", sorted(TYPES))
def test_each_example_is_valid_and_passes_the_door(name: str) -> None:
    """By its schema, by the door, and its streams and tags are storable."""
    kind = TYPES[name]
    stem = kind.versioned.removeprefix("pipeledger.")
    example = (EVENTS / f"{stem}.example.json").read_bytes()
    schema = json.loads((EVENTS / f"{stem}.schema.json").read_text())
    _check_schema(json.dumps(schema))
    Draft202012Validator(schema).validate(json.loads(example))
    event = read_event(read_json(example))
    assert [check_stream(stream) for stream in streams_of(event)]
    assert all(check_tag(tag) for tag in tags_of(event))


@functools.cache
def _check_schema(text: str) -> None:
    """A schema is one if its fields have schemas and the rest is one: most types share fields."""
    schema = json.loads(text)
    for place in ("$defs", "properties"):
        for name, inner in schema.get(place, {}).items():
            _check_schema(json.dumps(inner))
            schema[place][name] = True
    Draft202012Validator.check_schema(schema)


def test_all_44_tests_of_controls_are_mapped() -> None:
    """Each once, to types that exist or to every event."""
    assert len({test.id for test in CONTROLS}) == len(CONTROLS) == 44


def test_the_page_names_the_words_that_may_be_sent() -> None:
    """Whoever is refused a word finds the others there, and the fields that all types have."""
    page = (ROOT / "docs" / "events.md").read_text()
    assert "| `verdict` | `approved`, `changes_requested`, `commented`, `dismissed` |" in page
    assert "Every type has these as well: `service`, " in page
