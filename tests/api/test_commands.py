"""Operators describe and correct, over HTTP and by the server's command; two of them together."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from api.cli import cli, main
from domain.errors import ConflictError, RefusedError, SettingError
from tests.api.loading import ASKING, SELDOM, SERVING, SHOWING, loaded
from tests.serving import Running, event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import httpx

CANARY = "quetzal"
SOURCE = "https://ci.example/acme/checkout"
REASON = f"Reported twice, says {CANARY}@example.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server with one operator, for the tests that need no second."""
    with serving(tmp_path_factory.mktemp("commands") / "data") as running:
        yield running


@pytest.fixture
def http(server: Running) -> Iterator[httpx.Client]:
    """The operator."""
    with server.http() as client:
        yield client


def test_making_a_token_loads_nothing_that_serves_or_answers(server: Running) -> None:
    """Whoever makes tokens in a script waits for neither the framework nor DuckDB."""
    words = ("token", "create", "--data", str(server.data), "--role", "auditor", "--name", "eve")
    found = loaded(*words)
    assert "psycopg" in found
    assert found & (SERVING | ASKING | SHOWING | SELDOM) == set()


def test_a_token_is_revoked_by_the_id_that_was_told_when_it_was_made(server: Running) -> None:
    """The list names no people; standard output holds the token alone."""
    made = CliRunner().invoke(
        cli, ["token", "create", "--data", str(server.data), "--role", "auditor", "--name", "eve"]
    )
    assert made.stdout.startswith("plt_")
    assert made.stdout.count("\n") == 1
    credential = made.stderr.split()[-1]
    assert credential in _command(server, "token", "list")
    _command(server, "token", "revoke", credential)
    assert credential not in _command(server, "token", "list")


def test_documents_of_no_entry_are_removed_when_asked_and_the_ledger_is_sound(
    tmp_path: Path,
) -> None:
    """Of a damaged one nothing is removed: it may be what mends it."""
    with serving(tmp_path / "data") as running:
        folder = running.data / "ledgers" / "default"
        stray = folder / "documents" / "aa" / "aa" / ("a" * 64)
        stray.parent.mkdir(parents=True)
        stray.write_bytes(b"left by a crash")
        os.utime(stray, (0, 0))
        told = f"document {'a' * 64} belongs to no entry\n"
        assert running.administer("fsck") == f"{told}sound\n"
        guard = next((tmp_path / "data.guard").rglob("checkpoint"))
        note = guard.read_bytes()
        guard.unlink()
        running.administer("fsck", "--remove-strays", status=1)
        assert stray.exists()
        guard.write_bytes(note)
        removed = "removed 1 documents that belong to no entry\n"
        assert running.administer("fsck", "--remove-strays") == f"{told}sound\n{removed}"
        assert not stray.exists()


def test_an_option_that_is_wrong_is_called_as_it_was_given(
    server: Running,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Not as the parameter over HTTP that it is as well."""
    words = ["export", "parquet", "--data", str(server.data), "--tz", "Mars/Olympus"]
    monkeypatch.setattr(sys, "argv", ["pipeledger-server", *words, str(tmp_path / "out")])
    with pytest.raises(SystemExit):
        main()
    assert "\npipeledger-server: --tz: no time zone of this name is known\n" in (
        f"\n{capsys.readouterr().err}"
    )


def _sent(http: httpx.Client, number: int, **data: Any) -> int:  # noqa: ANN401 - JSON
    """The position of a deployment that was reported."""
    answer = http.post("/events", json=event(number, **data))
    assert answer.status_code == 201, answer.text
    return int(answer.json()["position"])


def _entry(http: httpx.Client, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    return dict(http.get(f"/entries/{answer.json()['position']}").json())


def _registered(http: httpx.Client, environment: str) -> list[dict[str, Any]]:
    asked = {"tag": f"environment:{environment}", "type": "pipeledger.environment.registered"}
    found = http.get("/entries", params=asked).json()["entries"]
    return [http.get(f"/entries/{one['position']}").json() for one in found]


def _deployments(http: httpx.Client) -> set[str]:
    rows = http.get("/deployments").json()["tables"]["deployments"]
    return {one["deployment"] for one in rows}


def test_an_environment_that_is_seen_first_is_registered_by_its_name(http: httpx.Client) -> None:
    """By the server, once, before the event is answered; where the name tells nothing, not."""
    first = _sent(http, 1, environment="stage-eu")
    assert _sent(http, 2, environment="stage-eu") == first + 2
    (one,) = _registered(http, "stage-eu")
    assert (one["position"], one["assurance"], one["by"]["how"]) == (first + 1, "decided", "server")
    said = {"environment": "stage-eu", "tier": "staging", "basis": "name"}
    assert one["event"]["data"] == said
    assert _sent(http, 3, environment="moon") + 1 == _sent(http, 4, environment="moon")


def test_a_name_that_no_tag_holds_is_registered_in_full(http: httpx.Client) -> None:
    """It comes from the event; in a batch as well."""
    batch = [event(11, environment="Prod(Zürich)"), event(12, environment="Live Zürich")]
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    assert http.post("/events", content=json.dumps(batch), headers=headers).status_code == 201
    asked = {"type": "pipeledger.environment.registered"}
    found = http.get("/entries", params=asked).json()["entries"]
    names = [http.get(f"/entries/{one['position']}").json()["event"]["data"] for one in found]
    assert [one["tier"] for one in names if one["environment"] == "Live Zürich"] == ["production"]
    assert [one for one in names if one["environment"] == "Prod(Zürich)"] == []


def test_an_operator_says_what_an_environment_is(http: httpx.Client) -> None:
    """And since when; alone, while there is no other, which the entry and the list show."""
    _sent(http, 21, environment="live")
    since = "2026-01-01T00:00:00Z"
    wanted = {"environment": "live", "tier": "test", "effective_from": since, "reason": REASON}
    entry = _entry(http, http.post("/environments", json=wanted))
    assert entry["assurance"] == "decided"
    assert entry["event"]["data"] == {
        "environment": "live", "tier": "test", "basis": "operator", "effective_from": since,
    }  # fmt: skip
    assert "text" in entry["parts"]
    assert CANARY not in json.dumps(entry)
    rows = http.get("/environments", params={"environment": "live"}).json()["tables"]
    last = rows["environments"][-1]
    assert (last["tier"], last["basis"], last["second"]) == ("test", "operator", None)


def test_an_operator_says_what_a_service_is(http: httpx.Client) -> None:
    """Whose, from which repositories, and whose reports of deployments count where."""
    wanted = {
        "service": "billing", "team": "payments", "criticality": "high", "scope": ["pci"],
        "repositories": [
            {"repository": "https://code.example/acme/mono", "role": "source", "paths": ["bill/"]},
            {"repository": "https://code.example/acme/live", "role": "manifests"},
        ],
        "deployment_source": {"production": SOURCE},
    }  # fmt: skip
    entry = _entry(http, http.post("/services", json=wanted))
    assert entry["event"]["data"] == wanted
    assert [one["name"] for one in entry["streams"]] == ["service/billing"]


def test_what_is_voided_stays_and_is_found_by_its_position(http: httpx.Client) -> None:
    """Not a second time, and not what the ledger itself said."""
    position = _sent(http, 31)
    assert "d-31" in _deployments(http)
    answer = http.post(f"/entries/{position}/void", json={"reason": REASON})
    assert _entry(http, answer)["event"]["data"] == {"position": position}
    found = http.get("/entries", params={"tag": f"position:{position}"}).json()["entries"]
    assert [one["position"] for one in found] == [answer.json()["position"]]
    assert http.get(f"/entries/{position}").json()["event"]["id"] == "evt-31"
    assert "d-31" not in _deployments(http)
    again = http.post(f"/entries/{position}/void", json={"reason": REASON})
    assert (again.status_code, again.json()["detail"]) == (
        409, f"it was voided, at position {answer.json()['position']}",
    )  # fmt: skip
    assert http.post("/entries/1/void", json={"reason": REASON}).status_code == 409
    assert http.post("/entries/100000/void", json={"reason": REASON}).status_code == 404


def test_a_sender_cannot_pass_off_an_event_as_speaking_of_an_entry(http: httpx.Client) -> None:
    """Fields of such names are the ledger's own word only in its own events."""
    position = _sent(http, 36, position=3, proposal=4)
    tags = http.get(f"/entries/{position}").json()["tags"]
    assert [tag for tag in tags if tag.startswith(("position:", "proposal:"))] == []


def test_a_deployment_and_an_incident_are_assessed(http: httpx.Client) -> None:
    """In the stream of what they restate, whatever stands in its id."""
    _sent(http, 41, deployment="run/41")
    said = {"source": SOURCE, "impact": True, "remediates": ["d-1"], "reason": REASON}
    entry = _entry(http, http.post("/deployments/run%2F41/assess", json=said))
    asked = {"tag": "service:checkout", "type": "pipeledger.deployment.finished"}
    reported = http.get("/entries", params=asked).json()["entries"][-1]
    assert entry["streams"][0]["name"] == reported["streams"][0]["name"]
    assert entry["event"]["data"] == {
        "deployment": "run/41", "impact": True, "remediates": ["d-1"],
    }  # fmt: skip
    opened = event(42) | {"type": "pipeledger.incident.opened.v1", "data": {"incident": "INC-1"}}
    assert http.post("/events", json=opened).status_code == 201
    said = {"source": SOURCE, "caused_by": "run/41", "reason": REASON}
    entry = _entry(http, http.post("/incidents/INC-1/assess", json=said))
    assert entry["event"]["data"] == {"incident": "INC-1", "caused_by": "run/41"}
    assert http.post("/incidents/INC-2/assess", json=said).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/environments", {"environment": "qa", "tier": "moon", "reason": "x"}, "body tier"),
        ("/environments", {"environment": "qa", "tier": "test"}, "body reason"),
        ("/environments", {"environment": "qa", "tier": "test", "reason": " "}, "field reason"),
        ("/environments", {"environment": "a\nb", "tier": "test", "reason": "x"},
         "field data.environment"),
        ("/environments", {"environment": "qa", "tier": "test", "reason": "x",
                           "effective_from": "yesterday"}, "field data.effective_from"),
        ("/environments", {"environment": "qa", "tier": "test", "reason": "x", "second": "me"},
         "body second"),
        ("/services", {"service": "shop"}, "field service"),
        ("/services", {"service": "shop", "team": "a\0b"}, "byte"),
        ("/deployments/d-1/assess", {"source": SOURCE, "impact": True}, "body reason"),
    ],
)  # fmt: skip
def test_what_is_incomplete_or_of_no_form_is_refused(
    http: httpx.Client, path: str, body: dict[str, Any], place: str
) -> None:
    """With the field named; and nothing is kept."""
    before = http.get("/entries/1").headers["pipeledger-position"]
    answer = http.post(path, json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["place"].startswith(place)
    assert http.get("/entries/1").headers["pipeledger-position"] == before


def test_only_operators_command(server: Running) -> None:
    """And auditors see what waits."""
    for role, sees in (("emitter", 403), ("approver", 403), ("auditor", 200)):
        made = _command(server, "token", "create", "--role", role, "--name", role)
        with server.http(made.strip()) as http:
            assert http.post("/entries/3/void", json={"reason": REASON}).status_code == 403
            assert http.post("/commands/3/confirm").status_code == 403
            assert http.get("/commands").status_code == sees


@dataclass
class Two:
    """A server with two operators, Ada and Ben.

    Attributes:
        server: it.
        ada: Ada's token.
        ben: Ben's.
    """

    server: Running
    ada: str
    ben: str

    def http(self, token: str) -> AbstractContextManager[httpx.Client]:
        """One of them."""
        return self.server.http(token)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """One server with two operators, for the tests of both."""
    with serving(tmp_path_factory.mktemp("two") / "data") as running:
        made = _command(running, "token", "create", "--role", "operator", "--name", "ben")
        yield Two(running, running.token, made.strip())


def test_two_operators_void_together(two: Two) -> None:
    """The first proposes, whose reason the second reads; who confirms decides, once."""
    with two.http(two.ada) as ada, two.http(two.ben) as ben:
        position = _sent(ada, 1)
        answer = ada.post(f"/entries/{position}/void", json={"reason": REASON})
        assert answer.status_code == 202
        said = answer.json()
        proposal = said["proposal"]
        assert said["receipt"]["position"] == proposal
        assert said["confirm"] == f"/v1/default/commands/{proposal}/confirm"
        event = ada.get(f"/entries/{proposal}").json()
        assert event["type"] == "pipeledger.command.proposed"
        assert CANARY not in json.dumps(event)
        (waits,) = ben.get("/commands").json()["commands"]
        assert (waits["position"], waits["expires"]) == (proposal, said["expires"])
        assert waits["data"] == {"position": position, "reason": REASON}

        assert ada.post(f"/commands/{proposal}/confirm").status_code == 409
        decided = _entry(ben, ben.post(f"/commands/{proposal}/confirm"))
        assert decided["event"]["data"] == {
            "position": position, "second": event["by"]["principal"], "proposal": proposal,
        }  # fmt: skip
        assert decided["by"]["principal"] != event["by"]["principal"]
        assert f"proposal:{proposal}" in decided["tags"]
        assert ben.post(f"/commands/{proposal}/confirm").status_code == 409
        assert ben.get("/commands").json()["commands"] == []


def test_a_proposal_that_was_withdrawn_is_not_confirmed(two: Two) -> None:
    """By who made it or by the other, with a reason or without."""
    with two.http(two.ada) as ada, two.http(two.ben) as ben:
        for who, body in ((ada, None), (ben, {"reason": REASON})):
            wanted = {"environment": "qa", "tier": "staging", "reason": REASON}
            proposal = ada.post("/environments", json=wanted).json()["proposal"]
            entry = _entry(who, who.post(f"/commands/{proposal}/withdraw", json=body))
            assert entry["event"]["data"] == {"proposal": proposal}
            assert ben.post(f"/commands/{proposal}/confirm").status_code == 409


def test_the_server_s_command_speaks_for_the_operator_whose_token_it_has(two: Two) -> None:
    """Without one it is nobody of the two; confirming takes the other's."""
    register = ("environment", "register", "moon", "production", "--reason", REASON)
    with pytest.raises(ConflictError, match="in the name of an operator"):
        _command(two.server, *register)
    with pytest.raises(SettingError, match="PIPELEDGER_TOKEN is no valid token"):
        _command(two.server, *register, token="plt_none")

    proposed = _command(two.server, *register, token=two.ada)
    position = proposed.partition("position ")[2].partition(":")[0]
    listed = _command(two.server, "command", "list")
    assert listed.startswith(f"{position}\tenvironment.registered\t")
    assert REASON in listed
    confirm = ("command", "confirm", position)
    with pytest.raises(ConflictError, match="another person"):
        _command(two.server, *confirm, token=two.ada)
    assert _command(two.server, *confirm, token=two.ben).startswith("decided, position ")
    with two.http(two.ben) as ben:
        _sent(ben, 2)
        rows = ben.get("/environments", params={"environment": "moon"}).json()["tables"]
    assert [one["tier"] for one in rows["environments"] if one["basis"] == "operator"] == [
        "production"
    ]


def test_the_server_s_command_describes_and_assesses(server: Running, http: httpx.Client) -> None:
    """In the server's own name, while there is one operator."""
    _sent(http, 51)
    done = _command(
        server, "service", "register", "shop", "--team", "web",
        "--repository", "https://code.example/acme/shop", "--path", "shop/",
        "--manifests", "https://code.example/acme/live",
        "--deployment-source", f"production={SOURCE}", "--none", "scope",
    )  # fmt: skip
    # What another process appended is seen within a second, and behind an append at once.
    _sent(http, 52)
    entry = http.get(f"/entries/{done.split()[-1]}").json()
    assert entry["by"]["how"] == "server"
    assert entry["event"]["data"] == {
        "service": "shop", "team": "web", "deployment_source": {"production": SOURCE}, "scope": [],
        "repositories": [
            {"repository": "https://code.example/acme/shop", "role": "source", "paths": ["shop/"]},
            {"repository": "https://code.example/acme/live", "role": "manifests"},
        ],
    }  # fmt: skip
    assess = ("assess", "deployment", "d-51", "--source", SOURCE, "--reason", REASON)
    done = _command(server, *assess, "--impact", "false", "--rolls-back", "d-1")
    _sent(http, 53)
    entry = http.get(f"/entries/{done.split()[-1]}").json()
    said = {"deployment": "d-51", "impact": False, "rolls_back": "d-1"}
    assert entry["event"]["data"] == said
    with pytest.raises(RefusedError, match="restate one of"):
        _command(server, *assess)


def _command(server: Running, *words: str, token: str | None = None) -> str:
    """What the server's command prints, on the data of a running server."""
    done = CliRunner().invoke(
        cli, [*words, "--data", str(server.data)], env={"PIPELEDGER_TOKEN": token}
    )
    if done.exception is not None:
        raise done.exception
    return done.stdout
