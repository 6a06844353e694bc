"""The log's tiles over HTTP: exact bytes, for those who read entries, and nothing unpublished."""

from __future__ import annotations

import asyncio
import http.client
import os
from base64 import b64decode
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
import pytest

from api.app import make_app
from api.granting import Granting
from api.host import Host, now
from domain.errors import UnavailableError
from domain.log.tile import Tile, edge_of
from store.ledger.guard import FileGuard
from store.ledger.ledger import SERVER
from tests.api.asking import ask
from tests.domain.log.leaves import tree_hash
from tests.inside import client
from tests.serving import PLAIN, Running, event, serving
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store.credentials import Role

BATCH = {"Content-Type": "application/cloudevents-batch+json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server whose ledger has a little over one full tile."""
    with serving(tmp_path_factory.mktemp("server") / "data") as running:
        with running.http() as client:
            sent = client.post("/events", json=[event(n) for n in range(300)], headers=BATCH)
            assert sent.status_code == 201
        yield running


@pytest.fixture(scope="module")
def reader(server: Running) -> Iterator[httpx.Client]:
    """The operator's client."""
    with server.http() as client:
        yield client


def split(bundle: bytes) -> list[bytes]:
    """The entries of a bundle."""
    found = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        found.append(bundle[2 : 2 + length])
        assert len(found[-1]) == length
        bundle = bundle[2 + length :]
    return found


def test_checkpoint_bundles_and_tiles_are_one_tree(reader: httpx.Client) -> None:
    """Root, leaves and entries agree, full and partial, with types and cache rules as specified."""
    note = reader.get("/log/checkpoint")
    assert note.headers["content-type"] == "text/plain; charset=utf-8"
    assert note.headers["cache-control"] == "max-age=1"
    size = int(note.text.split("\n")[1])
    assert 300 < size < 512
    entries: list[bytes] = []
    for tile in [Tile(None, 0), *edge_of(size)]:
        if tile.level is None:
            entries += split(reader.get(f"/log/{tile.path}").content)
    leaves = [sha256(b"\0" + raw).digest() for raw in entries]
    assert len(leaves) == size
    assert reader.get("/entries/299/raw").content == entries[298]
    below = tree_hash(leaves[:256])
    wanted = {
        "0/000": b"".join(leaves[:256]),
        f"0/001.p/{size - 256}": b"".join(leaves[256:]),
        "1/000.p/1": below,
        "0/000.p/7": b"".join(leaves[:7]),
        "0/001.p/1": leaves[256],
    }
    for name, content in wanted.items():
        answer = reader.get(f"/log/tile/{name}")
        assert answer.content == content, name
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "immutable" in answer.headers["cache-control"]
        # Whoever shares a cache with a reader has no token.
        assert "private" in answer.headers["cache-control"]
        assert int(answer.headers["pipeledger-position"]) >= size
    assert tree_hash(leaves) == b64decode(note.text.split("\n")[2])


def test_what_the_tree_does_not_have_is_not_there(reader: httpx.Client) -> None:
    """404, as a problem: one element more, full in place of partial, the next tile and level."""
    size = int(reader.get("/log/checkpoint").text.split("\n")[1])
    width = size - 256
    for name in (
        f"0/001.p/{width + 1}", "0/001", "0/002.p/1", "0/x999/999", "1/000", "1/000.p/2",
        "2/000.p/1", "63/000.p/1", f"entries/001.p/{width + 1}", "entries/001", "entries/002",
        "0/x018/x014/x398/x509/x481/983",
    ):  # fmt: skip
        answer = reader.get(f"/log/tile/{name}")
        assert answer.status_code == 404, name
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"] == "Not Found"


@pytest.mark.parametrize(
    "name",
    [
        "", "/", "0", "0/", "0/0", "0/0000", "0/x0001", "0/x001", "0/x000/001", "0/000.p/0",
        "0/000.p/256", "0/000.p/01", "0/000.p/", "0/000/", "64/000", "00/000", "-1/000", "8/0/000",
        "data/000", "entries", "entries/..", "0/../../checkpoint", "../checkpoint", "0/%2e%2e/000",
        "0/..%2f..%2fcheckpoint", "0/000%0a", "0/000%00", "0/%00", "0/000?x=1%0a#", "0//000",
        "0/" + "x999/" * 6 + "999", "0/x009/x223/x372/x036/x854/x775/807", "0/" + "9" * 5000,
        "0/" + quote("\N{ARABIC-INDIC DIGIT ONE}00"),
    ],
)  # fmt: skip
def test_hostile_names_are_refused_with_a_problem(server: Running, name: str) -> None:
    """Sent as they stand, without a library that would mend them."""
    host = server.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=30)
    headers = {"Authorization": f"Bearer {server.token}"}
    connection.putrequest("GET", f"/v1/default/log/tile/{name}")
    for one, value in headers.items():
        connection.putheader(one, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if name.startswith("0/000?"):
        assert b"query x" in body  # what follows a question mark is no part of the name
    assert answer.status in {400, 404}, body
    assert answer.getheader("content-type") == "application/problem+json"
    assert b'"status"' in body


@pytest.mark.long
def test_the_exported_files_are_what_http_answers_and_the_client_verifies_them(
    server: Running, reader: httpx.Client, tmp_path: Path
) -> None:
    """One tree by both doors, written beside the running server; again: nothing new."""
    folder = tmp_path / "log"
    for new in ("files written", ", 0 of them new, 0 files written"):
        assert new in server.administer("export", "log", folder)
    names = [str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()]
    for name in names:
        if name != "key.vkey":
            assert reader.get(f"/log/{name}").content == (folder / name).read_bytes(), name
    assert len(names) == 7
    keys = reader.get("/log/keys").json()["keys"]
    assert (folder / "key.vkey").read_text().rstrip("\n") in keys
    trusted = [word for key in keys for word in ("--key", key)]
    done = client("verify", *trusted, folder, environment=server.environment(tmp_path))
    assert "sound" in done.stdout


def test_without_a_token_nothing_is_shown(server: Running) -> None:
    """Bundles say what happened where; a copy for everybody is the export."""
    for name in ("checkpoint", "tile/0/000", "tile/entries/000", "tile/0/x0001"):
        answer = httpx.get(f"{server.url}/v1/default/log/{name}", verify=PLAIN)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"


@dataclass
class Asked:
    """Answers of an application that runs in the test, and the ledger's sizes."""

    answers: dict[str, httpx.Response]
    before: int
    after: int


def asked(host: Host, name: str, role: Role, *paths: str) -> Asked:
    """What a token of this role is answered."""
    here = host.open(name)
    try:
        token = Granting(here, SERVER, now(), os.urandom).token(role, "somebody")
        app = make_app({name: here}, os.urandom, now)
        before = here.ledger.published.size
        answers = asyncio.run(ask(app, f"http://ledger.example/v1/{name}", token, paths))
        return Asked(answers, before, here.ledger.published.size)
    finally:
        here.close()


@pytest.fixture
def name(host: Host) -> str:
    """A ledger of its own, of 261 entries."""
    made = f"tiles-{os.urandom(4).hex()}"
    host.create(made, f"ledger.example/{made}")
    here = host.open(made)
    here.ledger.submit([draft(number) for number in range(260)]).result(60)
    here.close()
    return made


def test_an_auditor_s_bundles_are_one_read_and_hashes_are_none(host: Host, name: str) -> None:
    """As the raw entries are recorded, and the checkpoint is not."""
    hashes = asked(host, name, "auditor", "checkpoint", "tile/0/000", "tile/0/001.p/1")
    assert hashes.after == hashes.before
    bundles = [f"tile/entries/{one}" for one in ("000", "000.p/3", "001.p/1", "001.p/2")]
    read = asked(host, name, "auditor", *bundles)
    assert read.after == read.before + 1
    assert {one.status_code for one in read.answers.values()} == {200}
    assert {one.headers["pipeledger-read"] for one in read.answers.values()} == {"recorded"}


@pytest.mark.parametrize("role", ["emitter", "approver", "operator"])
def test_whoever_reads_entries_reads_tiles(host: Host, name: str, role: Role) -> None:
    """And is not recorded."""
    found = asked(host, name, role, "tile/0/000", "tile/entries/000")
    assert {one.status_code for one in found.answers.values()} == {200}
    assert found.after == found.before


def test_what_is_committed_and_not_guarded_is_shown_to_nobody(
    reachable_host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard is away while three events are appended: their tile ends before them."""
    here = reachable_host.open("guarded")
    try:
        token = Granting(here, SERVER, now(), os.urandom).token("operator", "olga")
        size = here.ledger.published.size

        def away(*_: object) -> None:
            raise UnavailableError("away")

        with monkeypatch.context() as patch:
            patch.setattr(FileGuard, "swap", away)
            with pytest.raises(UnavailableError):
                here.ledger.submit([draft(number) for number in range(3)]).result(60)
        head = here.ledger.reader.head()
        assert head is not None
        assert (head[0], here.ledger.published.size) == (size + 3, size)
        app = make_app({"guarded": here}, os.urandom, now)
        names = [
            f"tile/{kind}/000.p/{size + more}" for kind in ("0", "entries") for more in (0, 1, 3)
        ]
        address = "http://ledger.example/v1/guarded"
        answers = asyncio.run(ask(app, address, token, tuple(names)))
        assert [one.status_code for one in answers.values()] == [200, 404, 404] * 2
    finally:
        here.close()


@pytest.fixture
def reachable_host(host: Host) -> Host:
    """A place with the ledger `guarded`."""
    host.create("guarded", "ledger.example/guarded")
    return host
