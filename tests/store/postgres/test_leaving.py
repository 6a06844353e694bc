"""A server that goes on with others: who started it waits for it once it has ended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.postgres.server import EmbeddedPostgres
from tests.clusters import quickly_prepared
from tests.house.test_documents import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    Eventually = Callable[[Callable[[], bool]], None]

_STARTS: Final = """
import sys
from pathlib import Path
from store.postgres.server import EmbeddedPostgres
server = EmbeddedPostgres.start(Path(sys.argv[1]))
print(server.pid, flush=True)
sys.stdin.readline()
server.stop()
print("left", flush=True)
sys.stdin.readline()
"""


def state_of(pid: int) -> str:
    """What the system says of a process; nothing where it has forgotten it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


def test_a_server_that_the_last_one_ended_is_waited_for(data: Path) -> None:
    """Within one process: nothing is left of it when the last one has left."""
    first = EmbeddedPostgres.start(quickly_prepared(data))
    second = EmbeddedPostgres.start(data)
    first.stop()
    assert state_of(second.pid) not in ("", "Z")
    second.stop()
    assert state_of(second.pid) == ""


def test_a_server_that_another_process_ended_is_waited_for_at_the_end(
    data: Path, eventually: Eventually
) -> None:
    """And the interpreter does not complain that it is still running."""
    quickly_prepared(data)
    words = [sys.executable, "-W", "default::ResourceWarning", "-c", _STARTS, str(data)]
    with subprocess.Popen(
        words, cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as starter:  # fmt: skip
        assert starter.stdout is not None
        assert starter.stdin is not None
        pid = int(starter.stdout.readline())
        with EmbeddedPostgres.start(data) as ours:
            assert ours.pid == pid
            starter.stdin.write("\n")
            starter.stdin.flush()
            assert starter.stdout.readline() == "left\n"
        eventually(lambda: state_of(pid) == "Z")
        _, said = starter.communicate("\n", timeout=60)
    assert starter.returncode == 0
    assert "ResourceWarning" not in said
