"""Processes of our own, as they are started."""

from __future__ import annotations

from typing import Final

import pytest

from projections.apart.child import end, start

_MOST_MIB: Final = 40
"""Of four threads that let go 40 MiB each, all of which is kept where nobody says how much."""


@pytest.fixture(scope="module")
def told() -> list[str]:
    """What such a process says of its allocators."""
    process, connection = start("tests.projections.pool_teller", stays=True)
    with connection:
        said = connection.recv_bytes().decode()
    end(process)
    return said.split()


def test_arrow_gives_back_what_another_thread_let_go(told: list[str]) -> None:
    """Its own allocator keeps that, so the one of the system is used."""
    assert told[0] == "system"


def test_what_threads_let_go_is_given_back(told: list[str]) -> None:
    """Whatever the largest piece was that was ever asked for."""
    assert int(told[1]) < _MOST_MIB
