"""An address that somebody wrote without its scheme is told from a file, and said how to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeledger.errors import UsageError
from pipeledger.settings import names_host, split_url, with_scheme

if TYPE_CHECKING:
    from tests.client.conftest import Command


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("127.0.0.1:8400", "http://127.0.0.1:8400"),
        ("localhost", "http://localhost"),
        ("localhost:8400/v1/own", "http://localhost:8400/v1/own"),
        ("[::1]:8400", "http://[::1]:8400"),
        ("ledger.example:8443", "https://ledger.example:8443"),
        ("ledger.example/v1/own", "https://ledger.example/v1/own"),
        ("ci.example:443/pl/v1/own/", "https://ci.example:443/pl/v1/own/"),
    ],
)
def test_a_host_without_a_scheme_is_an_address_that_wants_one(
    command: Command, said: str, meant: str
) -> None:
    """Wherever one is written, plain HTTP on this machine alone; exit 2, and nothing is asked."""
    done = command("verify", said, status=2)
    assert "an address begins with its scheme" in done.stderr
    assert f"next: pipeledger verify {meant}\n" in done.stderr
    # A slash at the end is none of an address.
    bare = f"an address begins with its scheme: {meant.rstrip('/')}\n"
    trusting = command("trust", "add", said, "--fingerprint", f"sha256:{'0' * 64}", status=2)
    assert f"URL: {bare}" in trusting.stderr
    asking = command("query", "services", status=2, changes={"PIPELEDGER_URL": said})
    assert f"PIPELEDGER_URL: {bare}" in asking.stderr


@pytest.mark.parametrize(
    "said", ["answer.json", "ledger.example", "exports/2026", "./127.0.0.1:8400", "a b:80"]
)
def test_what_may_be_a_file_is_looked_for_as_one(command: Command, said: str) -> None:
    """And said not to be there."""
    assert "No such file" in command("verify", said, status=2).stderr


def test_a_file_of_such_a_name_is_verified(command: Command) -> None:
    """What is there is meant."""
    (command.home / "127.0.0.1:8400").write_bytes(b"{}")
    assert "a JSON object that is no" in command("verify", "127.0.0.1:8400", status=2).stderr


@pytest.mark.parametrize(
    "said", ["ftp://ledger.example", "user:word@ledger.example", "ledger.example?a", "a b"]
)
def test_what_is_no_host_is_told_what_an_address_looks_like(said: str) -> None:
    """Without what it said: a password may stand in it."""
    assert with_scheme(said) == ""
    assert not names_host(said)
    with pytest.raises(UsageError, match=r"^X: expected an address such as https://[a-z.]+$"):
        split_url(said, "X")
