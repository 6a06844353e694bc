"""Names of people planted in every type of event turn up nowhere they may not."""

from __future__ import annotations

import base64
import json
import os
import socket
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
import uvicorn
from psycopg import sql

from api.app import make_app
from api.decisions import decide
from api.granting import Granting
from api.host import Host, Settings, now
from domain.errors import RefusedError
from domain.event import check_data
from domain.events import TYPES, Door
from domain.events.examples import example
from domain.events.marks import EACH, VALUES, marked
from store.ledger.ledger import SERVER
from store.ledger.opening import examine, schema_of
from tests.serving import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.served import Served
    from domain.events.registry import EventType
    from store.credentials import Role
    from store.postgres.database import Database

CANARY: Final = "kanarienvogel"
BIRDS: Final = tuple(
    {
        "system": "code.example",
        "login": f"{CANARY}-{number}",
        "email": f"k{number}.{CANARY}@birds.example",
        "name": f"Kim{number} {CANARY.title()}",
    }
    for number in range(3)
)
OTHER: Final = {"system": "code.example", "login": "sparrow", "email": "sparrow@birds.example"}
MENTION: Final = f"by K1.{CANARY.upper()}@birds.example, @{CANARY}-2, Kim0 {CANARY.title()}\n"
PLACE: Final = f"https://code.example/{CANARY}-0/x?m=k1.{CANARY}%40birds.example&by=@{CANARY}-2"
ROLES: Final[tuple[Role, ...]] = ("emitter", "approver", "auditor", "operator")
SENT: Final = [kind for kind in TYPES.values() if kind.door is Door.EMIT]
FLOCKS: Final = [SENT[::2], SENT[1::2]]
"""Types whose birds share a ledger: with all of them in one, one process has all the work."""


def planted(kind: EventType, number: int) -> dict[str, Any]:
    """The type's example with birds in every field for persons, text and address it has."""
    value = json.loads(json.dumps(example(kind)))
    value["id"] = f"{number}-k2.{CANARY}@birds.example"
    value["source"] = f"https://ci.example/{CANARY}-0/checkout"
    value["subject"] = f"k1.{CANARY}@birds.example"
    data = value["data"]
    marks = marked(kind.name)
    if any(path[0] == "commits" for path in marks.persons):
        data["commits"] = [{"sha": "c" * 40}]
    content: list[tuple[tuple[str, ...], Any]] = []
    content += [(path, BIRDS[at % 3]) for at, path in enumerate(marks.persons)]
    content += [(path, MENTION) for path in marks.texts]
    content += [(path, PLACE) for path in marks.handles]
    for path, what in content:
        before = json.loads(json.dumps(data))
        _put(data, path, what)
        try:
            check_data(kind, data)
        except RefusedError:
            # Not a place of its own: other fields of the same object are needed first.
            data.clear()
            data.update(before)
    data[f"k0.{CANARY}@birds.example"] = {PLACE: [MENTION]}
    data["actor"] = BIRDS[0]
    return dict(value)


def _put(data: Any, path: tuple[str, ...], what: Any) -> None:  # noqa: ANN401 - JSON
    step, rest = path[0], path[1:]
    if not rest:
        if step == EACH:
            data.append(what)
        else:
            data["one" if step == VALUES else step] = what
        return
    inner: Any = [] if rest[0] == EACH else {}
    if step == EACH:
        if not data:
            data.append(inner)
        _put(data[0], rest, what)
    else:
        found = data.get(step)
        if not isinstance(found, type(inner)):
            data[step] = inner
        _put(data[step], rest, what)


@dataclass
class Aviary:
    """An open ledger and clients of each role."""

    host: Host
    served: Served
    clients: dict[str, httpx.Client]
    folders: tuple[Path, ...]

    def post(self, value: dict[str, Any]) -> int:
        """Send an event; its position."""
        answer = self.clients["operator"].post("/events", json=value)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["position"])

    def stored(self) -> Iterator[tuple[str, bytes]]:
        """Every value of every table, and every file."""
        with self.host.database.connect() as connection:
            tables = connection.execute(
                "SELECT table_schema, table_name FROM information_schema.tables"
                " WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
            ).fetchall()
            assert {name for _, name in tables} > {"entries", "tags", "parts", "accounts"}
            for schema, name in tables:
                query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, name))
                for row in connection.execute(query).fetchall():
                    for value in row:
                        raw = value if isinstance(value, bytes) else str(value).encode()
                        yield f"table {name}", raw
        for folder in self.folders:
            for path in folder.rglob("*"):
                yield "file name", str(path.relative_to(folder)).encode()
                if path.is_file():
                    yield f"file {path}", path.read_bytes()

    def answers(self, role: str) -> Iterator[tuple[str, bytes]]:
        """Everything a reader of this role can get."""
        client = self.clients[role]

        def get(place: str, accept: str = "*/*") -> bytes:
            answer = client.get(f"/{place}", headers={"Accept": accept})
            head = json.dumps(dict(answer.headers)).encode()
            found.append((place, answer.content + head))
            return bytes(answer.content)

        found: list[tuple[str, bytes]] = []
        get("entries?limit=1000", "application/x-ndjson")
        entries = json.loads(get("entries?limit=1000"))["entries"]
        # Before the rest: names of streams come from outside, and the first reads are recorded
        # one by one.
        for stream in sorted({one["name"] for entry in entries for one in entry["streams"]}):
            get(f"streams/{stream}")
        for entry in entries:
            at = f"entries/{entry['position']}"
            get(at)
            get(f"{at}/raw")
            get(f"{at}/proof")
            bundle = json.loads(get(f"{at}/proof", "application/vnd.pipeledger.proof+json"))
            found += [
                (f"{at} part {part['name']}", base64.b64decode(part["bytes"]))
                for part in bundle["parts"]
            ]
            for part in ("event", "text", "original"):
                get(f"{at}/parts/{part}")
        get("log/checkpoint")
        get("log/keys")
        yield from found


def sightings(things: Iterator[tuple[str, bytes]]) -> set[str]:
    """Where a bird is seen, in any of the forms bytes are written in."""
    return {place for place, raw in things if _seen(raw)}


def _seen(raw: bytes) -> bool:
    word = CANARY.encode()
    lower = raw.lower()
    return word in lower or word.hex().encode() in lower


@pytest.fixture
def aviary(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aviary]:
    """A new ledger with a token of each role."""
    # An auditor's reads become entries, which are then read by every route as the others are:
    # both kinds of such records are soon there.
    monkeypatch.setattr("api.reads.EACH", 20)
    settings = Settings(tmp_path / "data", database.conninfo)
    with ExitStack() as stack:
        host = stack.enter_context(Host(settings))
        host.create("default", "ledger.example/birds")
        served = host.open("default")
        stack.callback(served.ledger.close)
        granting = Granting(served, SERVER, now(), os.urandom)
        url = stack.enter_context(_answering(served))
        clients: dict[str, httpx.Client] = {}
        for role in ROLES:
            token = granting.token(role, f"{CANARY}-token-{role}")
            headers = {"Authorization": f"Bearer {token}"}
            client = httpx.Client(
                base_url=f"{url}/v1/default", headers=headers, timeout=60, verify=PLAIN
            )
            clients[role] = stack.enter_context(client)
        yield Aviary(host, served, clients, (settings.data, settings.guards))


@contextmanager
def _answering(served: Served) -> Iterator[str]:
    """Serve the ledger in this process, so that the test can also erase; its address."""
    app = make_app({"default": served}, os.urandom, now)
    server = uvicorn.Server(uvicorn.Config(app, loop="uvloop", http="httptools", log_level="error"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # What connects before the server runs waits in the socket's queue.
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("kinds", FLOCKS, ids=["one half", "the other half"])
def test_no_bird_is_seen_in_any_event_table_file_or_answer(
    aviary: Aviary, kinds: list[EventType]
) -> None:
    """Not in the clear; by those who may read sealed parts only; and by nobody once erased."""
    first = example(TYPES["pipeledger.commit.pushed"])
    first["data"] |= {"authors": BIRDS}
    positions = [aviary.post(first)]
    positions += [aviary.post(planted(kind, at)) for at, kind in enumerate(kinds)]
    # A text so long that it lies in a file.
    long = planted(TYPES["pipeledger.deployment.finished"], 1000)
    long["data"]["reason"] = MENTION * 800
    positions.append(aviary.post(long))
    mine = aviary.post(_others())

    assert sightings(aviary.stored()) == set()
    for role in ("emitter", "approver"):
        assert sightings(aviary.answers(role)) == set()
    told = sightings(aviary.answers("auditor"))
    assert {place.rpartition(" ")[2] for place in told} == {"text"}
    assert len(told) == sum(bool(marked(kind.name).texts) for kind in kinds) + 1

    for person in _birds(aviary):
        gone = aviary.served.register.erase(person)
        decide(
            aviary.served.ledger, "pipeledger.person.erased.v1",
            {"person": person, "positions": sorted({at for at, _ in gone})},
            SERVER, now(), os.urandom,
        )  # fmt: skip
    assert sightings(aviary.stored()) == set()
    for role in ("auditor", "operator"):
        assert sightings(aviary.answers(role)) == set()

    auditor = aviary.clients["auditor"]
    assert auditor.get(f"/entries/{mine}/parts/text").status_code == 200
    for position in positions:
        assert auditor.get(f"/entries/{position}/parts/text").status_code == 404
        assert auditor.get(f"/entries/{position}/parts/event").status_code == 200
    home = aviary.host
    findings = examine(
        "default", home.origin("default"), home.place("default"), home.surroundings("default"),
        TYPES,
    )  # fmt: skip
    assert [one for one in findings if one.damage] == []


def _others() -> dict[str, Any]:
    """An event that concerns no bird."""
    value = example(TYPES["pipeledger.deployment.finished"])
    value["data"] = value["data"] | {"actor": OTHER, "reason": "written by a sparrow"}
    return value


def _birds(aviary: Aviary) -> set[str]:
    """The ids of all birds, and of whoever was granted a token under such a name."""
    query = sql.SQL("SELECT id FROM {}").format(sql.Identifier(schema_of("default"), "persons"))
    register = aviary.served.register
    with aviary.host.database.connect() as connection:
        ids = [str(row[0]) for row in connection.execute(query).fetchall()]
    return {one for one in ids if CANARY in json.dumps(register.accounts(one)).lower()}


@pytest.mark.parametrize("field", ["actor", "triggered_by"])
def test_an_id_that_nobody_has_is_refused_and_a_known_one_is_taken(
    aviary: Aviary, field: str
) -> None:
    """Nothing can be sealed for somebody who is not there, and asking again would not help."""
    value = _others()
    position = aviary.post(value)
    auditor = aviary.clients["auditor"]
    person = auditor.get(f"/entries/{position}").json()["event"]["data"]["actor"]
    value["id"] = "by-id"
    value["data"][field] = person
    assert aviary.post(value) > position
    value["id"] = "by-unknown-id"
    value["data"][field] = "per_" + "0" * 32
    answer = aviary.clients["operator"].post("/events", json=value)
    assert (answer.status_code, answer.json()["place"]) == (400, "field data")
    aviary.served.register.erase(person)
    value["data"][field] = person
    assert aviary.clients["operator"].post("/events", json=value).status_code == 400


def test_a_text_that_mentions_somebody_met_before_goes_with_them(aviary: Aviary) -> None:
    """By address or by login; the event stays, and texts that speak of others stay too."""
    first = _others()
    first["data"]["actor"] = BIRDS[0]
    person_at = aviary.post(first)
    texts = (f"ask @{BIRDS[0]['login']}", f"ask {BIRDS[0]['email']}", "ask @nobody-known")
    places = []
    for number, text in enumerate(texts):
        value = _others()
        value["id"], value["data"]["reason"] = f"text-{number}", text
        places.append(f"/entries/{aviary.post(value)}/parts/text")
    auditor = aviary.clients["auditor"]
    assert [auditor.get(place).status_code for place in places] == [200, 200, 200]
    event = auditor.get(f"/entries/{person_at}").json()["event"]
    aviary.served.register.erase(event["data"]["actor"])
    assert [auditor.get(place).status_code for place in places] == [404, 404, 200]


def test_a_report_that_names_people_lies_sealed(aviary: Aviary) -> None:
    """Its file is kept whole, for those who may read parts; its facts name nobody."""
    report = (
        f'<testsuite name="unit" tests="1"><testcase name="adds" classname="Sum">'
        f"<system-out>{MENTION}</system-out></testcase></testsuite>"
    )
    answer = aviary.clients["emitter"].post(
        "/reports",
        params={"service": "checkout", "run": f"k1.{CANARY}@birds.example"},
        content=report.encode(),
        headers={"Content-Type": "application/xml"},
    )
    assert answer.status_code == 201, answer.text
    assert sightings(aviary.stored()) == set()
    assert sightings(aviary.answers("emitter")) == set()
    position = answer.json()["receipts"][0]["receipt"]["position"]
    part = aviary.clients["auditor"].get(f"/entries/{position}/parts/original").json()
    assert base64.b64decode(part["bytes"]) == report.encode()
