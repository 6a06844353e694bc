"""`pipeledger query entry`: one entry for a person, believed as far as its proof leads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pipeledger.proved import Shown
from pipeledger.verifier.entry import parse_entry
from pipeledger.views.entry import entry_page
from tests.client.listening import Reply
from tests.client.test_end_to_end import Shell
from tests.client.writer import Writer, b64, ledger_of
from tests.serving import event, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.client.conftest import Command
    from tests.client.listening import Listening, Request
    from tests.serving import Running

SIZE = 9
AT = 5
Fields = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that was told of one deployment, by somebody with a name."""
    with serving(tmp_path_factory.mktemp("entry") / "data") as running:
        with running.http() as client:
            told = event(1, artifact={"digest": f"sha256:{'a' * 64}"})
            told["data"] |= {"targets": [{"site": "north", "share": 0.5}], "note": "two\nlines"}
            assert client.post("/events", json=told).status_code == 201
        yield running


@pytest.fixture
def shell(server: Running, tmp_path: Path) -> Shell:
    """A client that trusts nothing yet."""
    return Shell(server, tmp_path)


def position_of(shell: Shell) -> str:
    """Where the deployment stands."""
    with shell.server.http() as http:
        (found,) = http.get("/entries", params={"type": "pipeledger.deployment.*"}).json()[
            "entries"
        ]
    return str(found["position"])


def test_an_entry_is_shown_with_what_its_bytes_and_its_event_say(shell: Shell) -> None:
    """And with what the client itself found of its proof."""
    at = position_of(shell)
    assert "not checked: no key is trusted" in shell("query", "entry", at).stdout
    shell.trust()
    lines = shell("query", "entry", at).stdout.splitlines()
    told = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines if "  " in line}
    assert lines[0].startswith(f"Entry {at} of pipeledger.invalid/")
    assert told["type"] == "pipeledger.deployment.finished, version 1"
    assert told["by"].startswith("per_")
    assert "line/checkout@production #1" in told["streams"]
    assert told["service"] == "checkout"
    assert told["artifact.digest"] == f"sha256:{'a' * 64}"
    assert (told["targets[0].site"], told["targets[0].share"]) == ("north", "0.5")
    assert lines[-3].startswith("signed by pipeledger.invalid/")
    assert "checked by this program with the keys that are pinned" in lines[-1]


def test_a_kept_entry_is_verified_without_the_ledger(shell: Shell) -> None:
    """The file and what --json prints are the same."""
    at = position_of(shell)
    shell.trust()
    shell("query", "entry", at, "--output", "kept.pipeledger.json")
    said = shell("verify", "--offline", "kept.pipeledger.json").stdout
    assert f"position {at}: pipeledger.deployment.finished" in said
    kept = json.loads((shell.home / "kept.pipeledger.json").read_bytes())
    assert json.loads(shell("query", "entry", at, "--json").stdout)["entry"] == kept["entry"]


def test_who_may_not_read_events_is_told_that_it_is_withheld(shell: Shell) -> None:
    """What the entry itself says is shown, and proved, all the same."""
    shell.trust()
    changes = {"PIPELEDGER_TOKEN": shell.server.token_of("emitter")}
    shown = shell("query", "entry", position_of(shell), changes=changes).stdout
    assert "redacted, or is withheld from this token" in shown
    assert "bytes, not here)" in shown
    assert "targets" not in shown
    assert "checked by this program" in shown


@pytest.mark.parametrize("words", [(), ("0",), ("first",), ("1", "2"), ("1", "--csv")])
def test_what_is_no_position_is_refused_with_one(shell: Shell, words: tuple[str, ...]) -> None:
    """In one line."""
    assert "expected a position such as 41" in shell("query", "entry", *words, status=2).stderr


def test_a_position_that_is_not_there_is_none(shell: Shell) -> None:
    """The ledger says so."""
    assert "no entry at position 999" in shell("query", "entry", "999", status=1).stderr


@pytest.fixture(scope="module")
def writer() -> Writer:
    """A ledger of nine entries."""
    return ledger_of(SIZE)


@pytest.fixture
def fields(writer: Writer) -> Fields:
    """The honest answer about one of them."""
    return {"entry": b64(writer.entries[AT - 1].raw), "proof": b64(writer.proof(AT)), "parts": []}


def _another(fields: Fields, writer: Writer) -> None:
    fields |= {"entry": b64(writer.entries[0].raw), "proof": b64(writer.proof(1))}


def _altered(fields: Fields, writer: Writer) -> None:
    raw = writer.entries[AT - 1].raw
    assert raw.count(b'"pos":5') == 1
    fields["entry"] = b64(raw.replace(b"T10:", b"T11:", 1).replace(b"T00:", b"T11:", 1))


def _foreign(fields: Fields, writer: Writer) -> None:
    del writer
    other = Writer("pipeledger.example/other")
    for _ in range(SIZE):
        other.append()
    fields |= {"entry": b64(other.entries[AT - 1].raw), "proof": b64(other.proof(AT))}


def _unproved(fields: Fields, writer: Writer) -> None:
    fields["proof"] = b64(writer.proof(AT - 1))


def _part(fields: Fields, writer: Writer) -> None:
    del writer
    fields["parts"] = [{"name": "event", "salt": b64(bytes(32)), "bytes": b64(b"{}")}]


def _none(fields: Fields, writer: Writer) -> None:
    del writer, fields["proof"]


@pytest.mark.parametrize("depth", [20, 400, *range(900, 1000, 3)])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"x":', "}")])
def test_an_event_that_is_nested_deeply_is_shown_as_far_as_it_goes(
    writer: Writer, depth: int, begin: str, end: str
) -> None:
    """No ledger takes it; whatever else answered cannot make the client fall over."""
    body = f'{{"id":"deep","data":{begin * depth}1{end * depth}}}'.encode()
    entry = parse_entry(writer.entries[AT - 1].raw)
    shown = entry_page(Shown(entry, {"event": body}, (), ()))
    assert "deep" in str(shown.tables) or "no JSON object" in str(shown.notes)


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (_another, "do not believe this answer: position 1: position 5 was asked for"),
        (_altered, "do not believe this answer: position 5"),
        (_foreign, "do not believe this answer: checkpoint"),
        (_unproved, "do not believe this answer: position 5"),
        (_part, "do not believe this answer: position 5: part event"),
        (_none, "what answered is no ledger"),
    ],
)
def test_an_answer_that_does_not_hold_is_not_shown(
    command: Command,
    ledger: Listening,
    writer: Writer,
    fields: Fields,
    alter: Callable[[Fields, Writer], None],
    said: str,
) -> None:
    """Nothing of it: who reads it would believe it."""
    ledger.written = writer

    def answer(request: Request) -> Reply | None:
        return Reply(body=json.dumps(fields).encode()) if "/proof" in request.path else None

    ledger.behave = answer
    command("trust", "add", ledger.url, "--fingerprint", writer.fingerprint)
    assert "included in its 9 entries" in command("query", "entry", str(AT)).stdout
    alter(fields, writer)
    done = command("query", "entry", str(AT), status=1)
    assert said in done.stderr
    assert done.stdout == ""
