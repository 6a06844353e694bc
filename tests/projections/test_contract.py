"""What the contract says of a table is what its definition gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from projections import contract
from projections.definitions import definitions
from tests.projections.telling import Story, pushed, window

if TYPE_CHECKING:
    from pathlib import Path

TABLES = [name for name in contract.names() if name not in ("events", "documents")]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_the_columns_of_its_contract(name: str, tmp_path: Path) -> None:
    """Names, types and order, also where there is nothing to tell."""
    story = Story()
    pushed(story, "c", "03-01T08:00")
    with window(story, tmp_path) as view:
        view.make([name])
        found = view.query(f"FROM {name}").schema
    wanted = contract.table(name).arrow
    assert found.names == wanted.names
    assert [
        str(one).replace("Etc/UTC", "UTC").replace("<l: ", "<item: ") for one in found.types
    ] == [str(one) for one in wanted.types]


@pytest.mark.parametrize("name", sorted(definitions()))
def test_every_definition_begins_with_what_it_is(name: str) -> None:
    """An auditor reads these files."""
    assert definitions()[name].text.startswith(("-- ", f"# {name} = "))


def test_every_column_says_what_it_means() -> None:
    """One line for people."""
    for name in contract.names():
        table = contract.table(name)
        assert table.grain
        assert all(column.meaning for column in table.columns)


def test_instants_of_events_are_read_in_every_spelling_that_the_door_takes() -> None:
    """`t` and `z` are RFC 3339 as well; a cast alone would take such an instant for none."""
    cast = re.compile(r"CAST\((?!upper\()[^()]*\bAS TIMESTAMPTZ\)")
    plain = {
        name: found
        for name, one in definitions().items()
        if (found := [text for text in cast.findall(one.text) if "NULL" not in text])
    }
    assert plain == {}
