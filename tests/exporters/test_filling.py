"""What would fill a gap is a line that works: it names commands and types that there are."""

from __future__ import annotations

import shlex

import click
import msgspec
import pytest

from api.cli import cli
from domain.events.controls import CONTROLS
from domain.events.registry import TYPES
from exporters.report.filling import footing
from pipeledger.cli import VERBS
from pipeledger.words import form_of

EVERYTHING = dict.fromkeys(TYPES, 2)


@pytest.mark.parametrize("test", [one.id for one in CONTROLS])
def test_a_test_that_nothing_is_told_for_says_what_brings_each_kind(test: str) -> None:
    """By commands of ours; what only the ledger itself makes is named as that."""
    found = footing(test, {})
    known = next(one for one in CONTROLS if one.id == test)
    assert found.facts == 0
    assert set(found.missing) == {name.removeprefix("pipeledger.") for name in known.types}
    assert bool(found.ways or found.ours) == bool(known.types)
    for way in found.ways:
        program, verb, *words = shlex.split(way)
        if program == "pipeledger":
            assert verb in VERBS
            if verb == "emit":
                form = form_of(words[0])
                kind = TYPES[f"pipeledger.{form.type}"]
                told = {word.partition("=")[0].removesuffix(":") for word in words[1:]}
                needed = {one.name for one in msgspec.structs.fields(kind.data) if one.required}
                assert needed <= told | set(form.data) | {form.identity}
        else:
            assert program == "pipeledger-server"
            group = cli.get_command(click.Context(cli), verb)
            assert isinstance(group, click.Group)
            assert words[0] in group.commands


def test_what_is_told_of_is_counted_and_not_asked_for_again() -> None:
    """Of a family that comes already, the rest comes the same way."""
    full = footing("CHG-02", EVERYTHING)
    assert (full.missing, full.ways, full.ours) == ((), (), ())
    assert full.facts == 2 * len(next(one for one in CONTROLS if one.id == "CHG-02").types)
    some = footing("CHG-02", {"pipeledger.deployment.finished": 5})
    assert some.facts == 5
    assert "deployment.started" in some.missing
    assert not [way for way in some.ways if "deployment.finished" in way]
    assert [way for way in some.ways if "approval" in way]


def test_a_test_that_reads_every_event_stands_on_all_of_them() -> None:
    """Those that it reads are those that there are."""
    found = footing("LOG-01", {"pipeledger.alert.fired": 3, "plain": 1})
    assert found.facts in {0, 4}
    assert found.missing == () or "alert.fired" not in found.missing


def test_an_organisations_own_test_has_nothing_to_say() -> None:
    """Nobody knows what it reads."""
    found = footing("ORG-01", EVERYTHING)
    assert (found.facts, found.missing, found.ways) == (0, (), ())
