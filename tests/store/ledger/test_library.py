"""The library's own test case for DCB recorders, run against ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventsourcing.dcb import tests as library

if TYPE_CHECKING:
    from store.ledger.ledger import Ledger


def test_append_and_read_keep_every_promise_of_the_library(ledger: Ledger) -> None:
    """Positions, queries, limits and conditions, after `ledger.created`."""
    library.DCBRecorderTestCase()._test_append_read(ledger, initial_position=1)


def test_a_subscription_waits_and_receives(ledger: Ledger) -> None:
    """It gives what is there, blocks, and gives what comes."""
    library.DCBRecorderTestCase()._test_append_subscribe(ledger, initial_position=1)
