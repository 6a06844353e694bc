"""What is told to whoever asked, and what to whoever runs the server."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from api.problems import tell
from domain.errors import UnavailableError

if TYPE_CHECKING:
    import pytest


def test_an_outage_tells_strangers_no_address_and_the_log_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """However many requests it meets."""
    away = UnavailableError("the disk at 192.0.2.7 does not answer", "the disk does not answer")
    with caplog.at_level(logging.WARNING, "pipeledger.api"):
        answers = [tell(away) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {503}
    assert b'"the disk does not answer"' in bytes(answers[0].body)
    assert b"192.0.2.7" not in bytes(answers[0].body)
    assert [record.getMessage() for record in caplog.records] == [str(away)]
