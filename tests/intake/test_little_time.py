"""What is made to take long takes no longer than its bytes."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from domain.errors import RefusedError
from intake.registry import read_report

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_CPU_S: Final = 3.0
"""Reading them takes a tenth of this; what grows with a square takes minutes."""


def json_of(value: object) -> bytes:
    """JSON without spaces, made quickly."""
    return msgspec.json.encode(value)


def sarif_of(result: dict[str, Any], times: int, **more: object) -> bytes:
    """A run of one tool, with a result so many times."""
    rules = [{"id": "A1"}, {"id": "C3"}]
    tool = {"driver": {"name": "Looker", "rules": rules}}
    run = {"tool": tool, "results": [result] * times, **more}
    return json_of({"version": "2.1.0", "runs": [run]})


def overrides() -> bytes:
    """Each result of an invocation that sets rules anew, many times."""
    override = {"descriptor": {"id": "A1"}, "configuration": {"level": "none"}}
    return sarif_of(
        {"ruleId": "C3", "provenance": {"invocationIndex": 0}}, 20_000,
        invocations=[{"ruleConfigurationOverrides": [override] * 20_000}],
    )  # fmt: skip


def hierarchy() -> bytes:
    """A rule below a rule below a rule."""
    return sarif_of({"ruleId": "a" + "/a" * 2**19}, 1)


def types() -> bytes:
    """A part of Checkmarx One for each result."""
    results = [{"type": f"t{number}", "severity": "LOW"} for number in range(20_000)]
    return json_of({"results": results, "totalCount": 20_000, "scanID": "s"})


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("name", "make"),
    [("sarif", overrides), ("sarif", hierarchy), ("checkmarx-one", types)],
)
def test_a_file_takes_time_by_its_size(name: str, make: Callable[[], bytes]) -> None:
    """It is read or refused, and soon."""
    body = make()
    started = time.process_time()
    with suppress(RefusedError):
        read_report(body, name)
    assert time.process_time() - started < MAX_CPU_S
