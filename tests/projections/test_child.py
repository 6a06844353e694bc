"""Processes of our own, as they are started."""

from __future__ import annotations

from projections.apart.child import end, start


def test_arrow_gives_back_what_another_thread_let_go() -> None:
    """Its own allocator keeps that, so the one of the system is used."""
    process, connection = start("tests.projections.pool_teller")
    with connection:
        assert connection.recv_bytes() == b"system"
    end(process)
