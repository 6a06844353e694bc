"""`pipeledger run` stands in the place of the command: its status is handed on, whatever comes."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.client.conftest import Command
    from tests.client.listening import Listening


def data_of(ledger: Listening) -> list[dict[str, Any]]:
    """What the events said."""
    return [json.loads(one)["data"] for one in ledger.kept]


@pytest.mark.parametrize("name", [b"no-such-command", b"caf\xe9", "café".encode()])
def test_a_command_that_is_not_there_is_told_of_whatever_letters_it_has(
    command: Command, ledger: Listening, name: bytes
) -> None:
    """Status 127 as a shell gives it, and an event that says so."""
    command("run", "task", "task=t", "--", os.fsdecode(name), status=127)
    (told,) = data_of(ledger)
    assert (told["outcome"], told["exit_status"]) == ("error", 127)
