"""Approvals, emergencies, waivers and links by the server's and the client's command."""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.errors import ConflictError, NotFoundError, RefusedError, SettingError
from tests.api.house import DIGEST, IMAGE, REASON, REPOSITORY, House, command
from tests.inside import client
from tests.serving import BIN

PAGE = Path(__file__).resolve().parents[2] / "docs" / "approvals.md"


def test_the_server_s_command_waives_links_and_declares(house: House) -> None:
    """In the name of whose token it has; each says what comes next."""
    waive = ("waiver", "grant", "--rule", "CVE-1", "--expires", "90d", "--reason", REASON)
    with pytest.raises(ConflictError, match="in the name of an operator"):
        command(house.server, *waive)
    told = command(house.server, *waive, token=house.dee)
    position = told.partition("position ")[2].partition(":")[0]
    assert f"command confirm --ledger default {position}" in told
    command(house.server, "command", "confirm", position, token=house.server.token)
    # What another process appended is seen within a second, and behind an append at once.
    house.request()
    rows = house.get(house.eve, "/waivers")["tables"]["waivers"]
    (waiver,) = [one["waiver"] for one in rows if one["rules"] == ["CVE-1"]]
    told = command(house.server, "waiver", "revoke", waiver, "--reason", "x", token=house.dee)
    assert told.startswith("decided, position ")
    link = ("people", "link", "pipeledger/ann", "pipeledger/eve", "--reason", REASON)
    told = command(house.server, *link, token=house.dee)
    assert told.startswith("proposed, position ")
    with pytest.raises(ConflictError, match="no link"):
        command(house.server, "people", "unlink", *link[2:], token=house.dee)
    with pytest.raises(NotFoundError, match="system/login"):
        command(house.server, "people", "link", "moon/ann", *link[3:], token=house.dee)
    declare = ("emergency", "declare", "--subject", f"artifact={DIGEST}", "--reason", REASON)
    with pytest.raises(ConflictError, match="in their own name"):
        command(house.server, *declare)
    told = command(house.server, *declare, token=house.bob)
    assert "pipeledger request-approval --emergency emg-" in told


def test_the_server_s_command_refuses_what_could_never_hold(house: House) -> None:
    """A role of a token that approves nothing, a waiver of over a year, a subject of no kind."""
    make = ("token", "create", "--name", "gus", "--role", "emitter", "--approves-as", "security")
    with pytest.raises(SettingError, match="only a token of approver or operator"):
        command(house.server, *make)
    waive = ("waiver", "grant", "--control", "VUL-01", "--expires", "366d", "--reason", REASON)
    with pytest.raises(RefusedError, match="within 365 days"):
        command(house.server, *waive, token=house.dee)
    declare = ("emergency", "declare", "--subject", DIGEST, "--reason", REASON)
    with pytest.raises(SettingError, match="KIND=ID"):
        command(house.server, *declare, token=house.bob)


def test_the_client_asks_approves_rejects_and_withdraws(house: House, tmp_path: Path) -> None:
    """And says who does what next."""
    asked = _client(
        house, tmp_path, house.ann, "request-approval", "--artifact", DIGEST,
        "--environment", "production", "--author", "mia", "--reason", REASON,
    )  # fmt: skip
    identity = asked.split()[1]
    assert f"pipeledger approve {identity}" in asked
    other = "sha256:" + "6" * 64
    refused = _client(
        house, tmp_path, house.bob, "approve", identity, "--artifact", other, status=1
    )
    assert "not what this approval was requested for" in refused
    shown = _client(house, tmp_path, house.bob, "approve", identity)
    assert f"artifact {DIGEST}" in shown
    assert f"reason: {REASON}" in shown
    assert f"granted {identity} at position " in shown
    gone = _client(house, tmp_path, house.ann, "withdraw", identity, "--reason", "Postponed")
    assert gone.startswith(f"withdrawn {identity}")
    again = json.loads(
        _client(house, tmp_path, house.ann, "request-approval", "--artifact", DIGEST, "--json")
    )
    rejected = _client(
        house, tmp_path, house.bob, "reject", again["approval"], "--reason", "Not tried"
    )
    assert rejected.startswith(f"rejected {again['approval']}")
    hidden = _client(house, tmp_path, house.ann, "approve", again["approval"], status=1)
    assert "may not see" in hidden


def test_the_client_declares_an_emergency(house: House, tmp_path: Path) -> None:
    """And asks for its approval by the emergency's id alone."""
    told = _client(
        house, tmp_path, house.bob, "declare-emergency", "--artifact", DIGEST, "--reason", REASON,
        "--approve-until", (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds"),
    )  # fmt: skip
    emergency = told.split()[1]
    asked = _client(house, tmp_path, house.ann, "request-approval", "--emergency", emergency)
    identity = asked.split()[1]
    assert house.get(house.bob, f"/approvals/{identity}")["asked"]["subjects"] == [IMAGE]


def test_in_a_job_its_commit_is_approved_and_not_by_who_started_it(
    house: House, tmp_path: Path
) -> None:
    """The job's own variables say both."""
    job = {
        "GITHUB_ACTIONS": "true", "GITHUB_SHA": "4" * 40, "GITHUB_ACTOR": "mia",
        "GITHUB_SERVER_URL": "https://github.example", "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_RUN_ID": "17",
    }  # fmt: skip
    told = _client(house, tmp_path, house.ann, "request-approval", "--json", variables=job)
    asked = house.get(house.bob, f"/approvals/{json.loads(told)['approval']}")["asked"]
    assert asked["subjects"] == [{"kind": "commit", "commit": "4" * 40}]
    assert asked["run"] == "17"
    assert asked["actor"].startswith("per_")


def test_the_page_on_approvals_says_what_works(house: House, tmp_path: Path) -> None:
    """Each of its commands, in order, in the name of whom it is for."""
    house.send("commit.pushed", repository=REPOSITORY, commit="f" * 40,
               authors=[{"system": "code.example", "login": "cem"}])  # fmt: skip
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    variables = house.server.environment(tmp_path) | {
        "PIPELEDGER_DATA": str(house.server.data), "DIGEST": DIGEST,
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }  # fmt: skip
    printed = []
    for block in blocks:
        token = next(found for sign, found in (
            ("pipeledger-server", house.dee), ("request-approval", house.ann), ("", house.bob),
        ) if sign in block)  # fmt: skip
        done = subprocess.run(
            ["bash", "-e", "-c", block], env=variables | {"PIPELEDGER_TOKEN": token},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, block + done.stdout + done.stderr
        printed.append(done.stdout)
        if found := re.search(r"pipeledger approve (apr-\S+)", done.stdout):
            variables["APPROVAL"] = found[1]
    assert [one.split()[0] for one in printed[1:]] == [
        "proposed,", "requested", "artifact", "declared", "proposed,",
    ]  # fmt: skip
    assert printed[3].splitlines()[-1].startswith("granted apr-")


def test_what_the_commands_decided_is_sound_and_names_nobody(house: House) -> None:
    """As what was decided over HTTP is."""
    command(house.server, "people", "link", "pipeledger/bob", "pipeledger/cem",
            "--reason", REASON, token=house.dee)  # fmt: skip
    house.check()


def _client(
    house: House,
    home: Path,
    token: str,
    *words: str,
    status: int = 0,
    variables: dict[str, str] | None = None,
) -> str:
    """What the client's command prints, errors too."""
    environment = house.server.environment(home) | {"PIPELEDGER_TOKEN": token}
    environment |= variables or {}
    done = client(*words, environment=environment, status=status)
    return done.stdout + done.stderr
