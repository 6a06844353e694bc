"""`pipeledger run` stands in the place of the command: its status is handed on, whatever comes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pipeledger.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

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


def labels(spool: Path) -> list[str]:
    """What waits, as people call it."""
    kept = Spool(spool, 10**9)
    return [item.label for name in kept.waiting() if (item := kept.read(name)) is not None]


@pytest.mark.parametrize("ends", ["echo on; exec sleep 60", "echo on; exit 3"])
def test_a_job_that_is_killed_keeps_its_finish_though_the_ledger_never_answers(
    command: Command, ends: str
) -> None:
    """A CI system that cancels a job kills it some seconds later, whatever is still being sent."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        changes = {"PIPELEDGER_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
                   "PIPELEDGER_TIMEOUT": "60"}  # fmt: skip
        process = command.start("run", "deployment", "service=s", "environment=e", "--",
                                "sh", "-c", ends, changes=changes)  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "on\n"
        connection, _ = silent.accept()  # the start is being sent, and is kept
        process.send_signal(signal.SIGTERM)
        while len(command.waiting()) < 2:
            assert process.poll() is None
        process.kill()
        process.communicate(timeout=60)
        connection.close()
    assert labels(command.spool) == ["deployment.started", "deployment.finished"]


def test_start_and_finish_are_sent_in_their_order(command: Command, ledger: Listening) -> None:
    """However soon the command ends."""
    for _ in range(5):
        command("run", "deployment", "service=s", "environment=e", "--", "true")
    kinds = [json.loads(one)["type"].split(".")[2] for one in ledger.kept]
    assert kinds == ["started", "finished"] * 5
    assert not command.waiting()


@pytest.mark.parametrize("closed", ["2>/dev/full", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize("status", [0, 7])
def test_the_status_is_the_commands_though_nothing_can_be_said(
    command: Command, closed: str, status: int
) -> None:
    """A log on a full disk, or none at all."""
    line = f'"$@" -m pipeledger run task task=t -- sh -c "exit {status}" {closed}'
    done = subprocess.run(
        ["sh", "-c", line, "sh", sys.executable], check=False, timeout=60,
        env=command.environment | {"PIPELEDGER_URL": "http://127.0.0.1:9"},
    )  # fmt: skip
    assert done.returncode == status
    assert labels(command.spool) == ["task.finished"]


@pytest.mark.parametrize(
    ("content", "status"), [(b'test "$1" = "a b" && exit 4\n', 4), (b"\x7fELF\0\0", 126)]
)
def test_a_script_that_names_no_interpreter_runs_as_in_a_shell(
    command: Command, ledger: Listening, content: bytes, status: int
) -> None:
    """A program for other machines does not."""
    script = command.home / "deploy it.sh"
    script.write_bytes(content)
    script.chmod(0o700)
    command("run", "task", "task=t", "--", "./deploy it.sh", "a b", status=status)
    (told,) = data_of(ledger)
    assert told["exit_status"] == status
