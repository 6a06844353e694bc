"""The client against a real server: send, keep, verify, tamper."""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

import pytest

from tests.inside import client, expected
from tests.serving import BIN, Running, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEPLOYMENT = ("service=checkout", "environment=production", "outcome=success")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for the module."""
    with serving(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


class Shell:
    """Runs `pipeledger` with a home of its own."""

    def __init__(self, server: Running, home: Path) -> None:
        self.home = home
        self.server = server
        self.environment = server.environment(home)

    def __call__(
        self, *words: str | Path, status: int = 0, changes: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command and expect an exit status; `run`, which has children, as installed."""
        environment = self.environment | (changes or {})
        if words[0] == "run":
            done = subprocess.run(
                [BIN / "pipeledger", *words],
                env=environment, capture_output=True, text=True, check=False, timeout=120,
            )  # fmt: skip
            return expected(done, status)
        return client(*words, environment=environment, folder=self.home, status=status)

    def trust(self) -> None:
        """Pin the server's keys."""
        self("trust", "add", self.server.url, "--fingerprint", self.server.fingerprint)


@pytest.fixture
def shell(server: Running, tmp_path: Path) -> Shell:
    """A client that trusts nothing yet."""
    return Shell(server, tmp_path)


def test_without_trust_verify_says_the_fingerprint_and_the_next_step(shell: Shell) -> None:
    """Exit 2: it could not be checked."""
    done = shell("verify", shell.server.url, status=2)
    assert shell.server.fingerprint in done.stderr
    assert "pipeledger trust add" in done.stderr


def test_a_wrong_fingerprint_is_refused(shell: Shell) -> None:
    """Exit 1, and nothing is pinned."""
    shell("trust", "add", shell.server.url, "--fingerprint", "sha256:" + "0" * 64, status=1)
    assert "nothing is trusted yet" in shell("trust", "list").stdout


def test_what_was_sent_can_be_verified(shell: Shell) -> None:
    """Events, then the whole ledger, then a saved entry, then a damaged copy of it."""
    shell.trust()
    shell("emit", "deployment.finished", "deployment=e-1", *DEPLOYMENT, "actor=alice")
    shell("run", "deployment", "deployment=e-2", *DEPLOYMENT[:2], "--", "true")
    assert "sound: " in shell("verify", shell.server.url).stdout
    with shell.server.http() as http:
        bundle = http.get(
            "/entries/4/proof", headers={"Accept": "application/vnd.pipeledger.proof+json"}
        ).json()
    saved = shell.home / "entry.pipeledger.json"
    saved.write_text(json.dumps(bundle))
    assert "position 4" in shell("verify", saved).stdout
    entry = b64decode(bundle["entry"])
    altered = b64encode(entry.replace(b"checkout", b"checkins")).decode()
    for name, changed in {
        "a tag": bundle | {"entry": altered},
        "a part": bundle | {"parts": [bundle["parts"][0] | {"bytes": "e30="}]},
    }.items():
        saved.write_text(json.dumps(changed))
        assert "pipeledger: " in shell("verify", saved, status=1).stderr, name


def test_the_exit_status_of_a_watched_command_is_handed_on(shell: Shell) -> None:
    """Whatever the ledger does."""
    words = ("run", "deployment", "deployment=e-3", *DEPLOYMENT[:2], "--", "sh", "-c", "exit 7")
    shell(*words, status=7)
    shell(*words, status=7, changes={"PIPELEDGER_URL": "http://127.0.0.1:1"})


def test_a_token_that_the_ledger_does_not_know_is_named_with_the_ledger(shell: Shell) -> None:
    """The ledger is not away then; whoever reads it knows which variable to look at."""
    words = ("emit", "rollback", "deployment=t-1", *DEPLOYMENT)
    known = f"the ledger default at {shell.server.url} does not know PIPELEDGER_TOKEN: "
    said = shell(*words, changes={"PIPELEDGER_TOKEN": "plt_none"}).stderr
    assert said.startswith(f"pipeledger: the ledger did not take it ({known}")
    said = shell(*words, changes={"PIPELEDGER_TOKEN": ""}).stderr
    assert "(PIPELEDGER_TOKEN is not set; the ledger default at" in said
    assert "2 sent, 0 refused, 0 still waiting" in shell("spool", "flush").stdout


def test_a_clock_that_is_ahead_is_told_of(shell: Shell) -> None:
    """The event is recorded as it was sent: nobody may alter it afterwards."""
    words = ("emit", "rollback", "deployment=c-1", *DEPLOYMENT)
    done = shell(*words, "--at", "2999-01-01T00:00:00Z")
    assert "recorded deployment.finished" in done.stdout
    assert "check --at, or this machine's clock" in done.stderr
    assert shell(*words, "--at", "2020-01-01T00:00:00Z").stderr == ""


def test_an_archive_that_was_cut_off_is_called_that(shell: Shell) -> None:
    """Exit 2: there is nothing in it to judge."""
    file = shell.home / "pack.zip"
    file.write_bytes(b"PK\3\4" + bytes(100))
    assert "a zip archive that is cut off or damaged" in shell("verify", file, status=2).stderr


def test_a_ledger_in_files_is_none_of_the_clients_exports(shell: Shell) -> None:
    """Exit 2, and who verifies it instead."""
    folder = shell.home / "moved"
    folder.mkdir()
    for name in ("manifest.json", "entries.copy"):
        (folder / name).write_text("{}")
    said = shell("verify", folder, status=2).stderr
    assert "could not check: this is a whole ledger" in said
    assert "next: pipeledger-server import ledger" in said


def test_https_where_none_is_spoken_is_told_in_words(shell: Shell) -> None:
    """The first slip with an address; the library names its own line of C."""
    away = {"PIPELEDGER_URL": shell.server.url.replace("http:", "https:")}
    said = shell("emit", "rollback", *DEPLOYMENT, changes=away).stderr
    assert ": what answers there speaks no TLS: http in the place of https?)" in said
    shell("spool", "flush", "--readdress")


def test_events_wait_while_the_ledger_is_away_and_come_in_order(shell: Shell) -> None:
    """Exit 0 unless strict; sent before the next one, oldest first, once each."""
    away = {"PIPELEDGER_URL": "http://127.0.0.1:1"}
    for number in range(3):
        done = shell("emit", "rollback", f"deployment=w-{number}", *DEPLOYMENT, changes=away)
        assert "waits in the spool" in done.stderr
    shell(
        "emit",
        "rollback",
        "deployment=w-3",
        *DEPLOYMENT,
        status=1,
        changes=away | {"PIPELEDGER_STRICT": "1"},
    )
    assert ": 4 waiting" in shell("spool", "status").stdout
    shell("emit", "rollback", "deployment=w-4", *DEPLOYMENT)
    assert ": 0 waiting (0 bytes), 0 refused" in shell("spool", "status").stdout
    with shell.server.http() as http:
        found = http.get("/entries", params={"type": "pipeledger.deployment.finished"}).json()
        sent = [
            http.get(f"/entries/{entry['position']}").json()["event"]["data"]["deployment"]
            for entry in found["entries"]
        ]
    assert [name for name in sent if name.startswith("w-")] == [f"w-{n}" for n in range(5)]


def test_a_refused_event_does_not_hold_up_the_others(shell: Shell) -> None:
    """It is kept with the reason."""
    away = {"PIPELEDGER_URL": "http://127.0.0.1:1"}
    shell("emit", "deployment.finished", "deployment=x-1", "outcome=great", changes=away)
    shell("emit", "deployment.finished", "deployment=x-2", *DEPLOYMENT, changes=away)
    done = shell("spool", "flush")
    assert done.stdout == "1 sent, 1 refused, 0 still waiting\n"
    assert done.stderr.startswith("pipeledger: deployment.finished ")
    assert " was refused: field data.outcome: expected cancelled, " in done.stderr
    assert ": 0 waiting (0 bytes), 1 refused" in shell("spool", "status").stdout


def test_a_text_for_a_number_is_told_how_numbers_are_written(shell: Shell) -> None:
    """`duration_s=3` is what people write first."""
    said = shell("emit", "rollback", *DEPLOYMENT, "duration_s=3").stderr
    assert "expected a number, got text; key:=value gives numbers and lists; kept under" in said


def test_a_misspelt_field_is_told_of(shell: Shell) -> None:
    """It is kept as it was sent; that nothing reads it, nobody would see otherwise."""
    done = shell("emit", "rollback", *DEPLOYMENT, "artefact=sha256:x", "data.seen=1")
    assert "recorded deployment.finished at position" in done.stdout
    assert "deployment.finished has no field artefact, data: kept, and nothing reads" in done.stderr
    assert shell("emit", "rollback", *DEPLOYMENT, "release=1.4").stderr == ""
    job = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_SHA": "c" * 40,
           "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REF": "refs/heads/main"}  # fmt: skip
    assert shell("emit", "scan", "kind=sast", changes=job).stderr == ""


def test_a_log_that_was_cut_is_refused_later(shell: Shell) -> None:
    """What was seen before is remembered: a shorter log is no sound one."""
    shell.trust()
    shell("verify", shell.server.url)
    trusted = shell.home / ".config" / "pipeledger" / "trust.json"
    store = json.loads(trusted.read_text())
    seen = store["ledgers"][0]["seen"]
    store["ledgers"][0]["seen"] = seen | {"size": seen["size"] + 1000}
    trusted.write_text(json.dumps(store))
    assert "were seen here before" in shell("verify", shell.server.url, status=1).stderr
    store["ledgers"][0]["seen"] = seen | {"root": "0" * 64}
    trusted.write_text(json.dumps(store))
    assert "a fork" in shell("verify", shell.server.url, status=1).stderr


def test_help_imports_nothing_slow() -> None:
    """Neither the HTTP library nor cryptography is loaded to print the help."""
    code = (
        "import sys\nfrom pipeledger.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print([name for name in ('urllib3', 'cryptography', 'ssl') if name in sys.modules])"
    )
    done = subprocess.run([BIN / "python", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
