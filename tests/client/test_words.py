"""Words of the command line mean what the ledger's vocabulary means."""

from __future__ import annotations

import pytest

from domain.event import read_event
from domain.events import TYPES
from domain.events.examples import example
from pipeledger.words import SHORT_FORMS


@pytest.mark.parametrize("word", SHORT_FORMS)
def test_what_a_short_form_sets_is_taken_by_the_ledger(word: str) -> None:
    """Each of its fields has a value that the type knows."""
    form = SHORT_FORMS[word]
    told = example(TYPES[f"pipeledger.{form.type}"])
    told["data"] |= form.data | ({form.identity: "x-1"} if form.identity else {})
    assert read_event(told).data.items() >= form.data.items()
