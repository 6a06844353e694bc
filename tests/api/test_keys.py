"""Keys by command on a running server, and what the client says of them afterwards."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.serving import BIN, Running, event, serving

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.long


def run(program: str, *words: str, status: int = 0, env: dict[str, str] | None = None) -> str:
    """What a program says."""
    done = subprocess.run(
        [BIN / program, *words],
        capture_output=True, text=True, check=False, timeout=60, env=env,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def send(server: Running, *numbers: int) -> None:
    """Send events."""
    with server.http() as http:
        for number in numbers:
            assert http.post("/events", json=event(number)).status_code == 201


def test_who_trusted_the_first_keys_follows_through_both_rotations(tmp_path: Path) -> None:
    """Keys are replaced under a running server; verify learns them, says so, and remembers."""
    with serving(tmp_path / "data") as server:
        env = server.environment(tmp_path / "home")

        def command(*words: str, status: int = 0) -> str:
            return run("pipeledger-server", *words, "--data", str(server.data), status=status)

        def client(*words: str, status: int = 0) -> str:
            return run("pipeledger", *words, status=status, env=env)

        with server.http() as http:
            said = http.get("/log/keys").json()
        client("trust", "add", server.url, "--fingerprint", said["fingerprint"])
        send(server, 1, 2)
        for purpose in ("log", "intake"):
            assert "sign both" in command("key", "rotate", purpose)
            send(server, 3 if purpose == "log" else 4)
        assert "said by the old" in client("verify", server.url)
        for purpose in ("log", "intake"):
            assert "signs alone" in command("key", "rotate", purpose, "--end")
            command("key", "rotate", purpose, "--end", status=2)
            send(server, 5 if purpose == "log" else 6)
        told = client("verify", server.url)
        assert told.count("valid up to position") == 2
        assert "valid up to" not in client("verify", server.url)
        with server.http() as http:
            terms = http.get("/log/keys").json()["terms"]
        old = next(term["key"] for term in terms if term["last"] and "/intake+" in term["key"])
        reported = command(
            "key", "revoke", old, "--compromised-since", "3", "--reason", "found on a laptop"
        )
        last = next(term["last"] for term in terms if term["key"] == old)
        assert f"positions 3-{last}" in reported
        assert "sound" in (checked := command("fsck"))
        assert "reported compromised since 3" in checked
        assert f"warning: position {last + 3}" in client("verify", server.url)
        with server.http() as http:
            found = http.get("/keys").json()["compromised"]
        assert [(one["key"], one["positions"]) for one in found] == [(old, [[3, last]])]
