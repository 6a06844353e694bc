"""What is told to whoever asked, and what to whoever runs the server."""

from __future__ import annotations

import logging

import pytest
from starlette.exceptions import HTTPException

from api.negotiation import prefer
from api.problems import problem, tell
from domain.errors import UnavailableError


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


def test_a_form_that_is_not_offered_is_refused_with_those_that_are() -> None:
    """What a refusal says arrives; a bare phrase is not said twice."""
    with pytest.raises(HTTPException) as refused:
        prefer("image/png", ("application/json", "text/csv"))
    assert problem(refused.value) == {
        "type": "about:blank", "title": "Not Acceptable", "status": 406,
        "detail": "offered are application/json, text/csv",
    }  # fmt: skip
    assert "detail" not in problem(HTTPException(404))
