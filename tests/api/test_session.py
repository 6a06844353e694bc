"""Sessions of people: signed by one ledger's key, of eight hours, and ended for good."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from api.console.session import LENGTH, Sessions
from store.credentials import Credential

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PERSON = Credential("crd_" + "a" * 32, "per_" + "b" * 32, "auditor", (), None)


def sessions(key: bytes = b"k" * 32, clock: Callable[[], datetime] = lambda: NOON) -> Sessions:
    """Of a ledger with this key."""
    served: Any = {"default": SimpleNamespace(session_key=key)}
    return Sessions(served, os.urandom, clock)


def test_a_session_is_found_by_every_process_of_its_ledger() -> None:
    """The key is the ledger's, so a restart logs nobody out."""
    cookie = sessions().begin("default", PERSON)
    found = sessions().find(cookie)
    assert found is not None
    assert (found.ledger, found.credential) == ("default", PERSON.id)
    assert sessions(b"x" * 32).find(cookie) is None


def test_a_session_is_over_after_its_length() -> None:
    """To the second."""
    cookie = sessions().begin("default", PERSON)
    just_before = NOON + LENGTH - timedelta(seconds=1)
    assert sessions(clock=lambda: just_before).find(cookie) is not None
    assert sessions(clock=lambda: NOON + LENGTH).find(cookie) is None


def test_an_ended_session_is_of_no_use_and_others_stay() -> None:
    """Where it was ended."""
    ours = sessions()
    ended, other = ours.begin("default", PERSON), ours.begin("default", PERSON)
    found = ours.find(ended)
    assert found is not None
    ours.end(found)
    assert ours.find(ended) is None
    assert ours.find(other) is not None


@pytest.mark.parametrize("wrong", ["", ".", "....", "default", "\ud800", "a" * 100_000, "\0"])
def test_what_is_no_session_finds_none(wrong: str) -> None:
    """Whatever it looks like."""
    assert sessions().find(wrong) is None
