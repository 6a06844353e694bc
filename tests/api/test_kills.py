"""Kills under load: what was acknowledged is there once, and the chain is sound."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.house.running import Printed
from tests.serving import BIN, PLAIN, event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KILLS = 20
CLIENTS = 16
BETWEEN = 40
"""Acknowledgements between two kills."""


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that the database's service account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="pl-kills-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder / "data"
    shutil.rmtree(folder)


class Victim:
    """A server that is killed and started again on the same port."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process, printed = self._start()
        self.token = printed.export("PIPELEDGER_TOKEN")

    def _start(self) -> tuple[subprocess.Popen[str], Printed]:
        command = [BIN / "pipeledger-server", "serve", "--data", self.data, "--port", self.port]
        process = subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        printed = Printed(process)
        printed.word(r"listening on (\S+)")
        return process, printed

    def kill_server(self) -> bool:
        """SIGKILL, then start anew."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process, _ = self._start()
        return True

    def kill_database(self) -> bool:
        """SIGKILL of the postmaster, which the server brings back; False: it is down already."""
        try:
            (pid_file,) = self.data.rglob("postmaster.pid")
            os.kill(int(pid_file.read_text().split("\n", 1)[0]), signal.SIGKILL)
        except (ValueError, FileNotFoundError, ProcessLookupError):
            return False
        return True

    def stop(self) -> None:
        """End it as an operator would."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()


class Load:
    """Clients that send until told to stop, each event until it is acknowledged."""

    def __init__(self, victim: Victim) -> None:
        self.victim = victim
        self.acknowledged: dict[str, int] = {}
        self._more = threading.Condition()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def wait_for(self, number: int) -> None:
        """Until so many events are acknowledged."""
        with self._more:
            assert self._more.wait_for(lambda: len(self.acknowledged) >= number, timeout=120)

    def stop(self) -> None:
        """Let every client finish its event."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, client: int) -> None:
        url = f"http://127.0.0.1:{self.victim.port}/v1/default/events"
        headers = {
            "Authorization": f"Bearer {self.victim.token}",
            "Content-Type": "application/cloudevents+json",
        }
        number = 0
        with httpx.Client(headers=headers, timeout=30, verify=PLAIN) as http:
            while not self._stopping.is_set():
                number += 1
                value = event(number)
                value["id"] = f"{client}-{number}"
                position = self._until_acknowledged(http, url, value)
                with self._more:
                    self.acknowledged[value["id"]] = position
                    self._more.notify_all()

    @staticmethod
    def _until_acknowledged(http: httpx.Client, url: str, value: dict[str, object]) -> int:
        while True:
            try:
                answer = http.post(url, json=value)
            except httpx.TransportError:
                continue
            if answer.status_code in (200, 201):
                return int(answer.json()["position"])
            # Anything else than "not now" would be a fault of its own.
            assert answer.status_code == 503, answer.text


@pytest.mark.long
@pytest.mark.parametrize("what", ["server", "database"])
def test_twenty_kills_under_sixteen_clients_lose_nothing(data: Path, what: str) -> None:
    """Every acknowledged event is there once, at its position; fsck and nothing signed is lost."""
    victim = Victim(data)
    kill: Callable[[], bool] = victim.kill_server if what == "server" else victim.kill_database
    load = Load(victim)
    try:
        for round_ in range(1, KILLS + 1):
            load.wait_for(round_ * BETWEEN)
            while not kill():
                load.wait_for(len(load.acknowledged) + 1)
        load.wait_for(len(load.acknowledged) + BETWEEN)
    finally:
        load.stop()
    found: dict[str, list[int]] = {}
    headers = {"Authorization": f"Bearer {victim.token}"}
    with httpx.Client(
        base_url=f"http://127.0.0.1:{victim.port}/v1/default",
        headers=headers,
        timeout=60,
        verify=PLAIN,
    ) as http:
        last = int(http.get("/entries?limit=1").headers["Pipeledger-Position"])
        for position in range(2, last + 1):
            sent = http.get(f"/entries/{position}").json()["event"]["id"]
            found.setdefault(sent, []).append(position)
    victim.stop()
    assert {name: [at] for name, at in load.acknowledged.items()}.items() <= found.items()
    assert all(len(positions) == 1 for positions in found.values())
    done = subprocess.run(
        [BIN / "pipeledger-server", "fsck", "--data", data],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "sound\n")
