"""Reads and exports on record: every reader, never without end, never in an answer's way."""

from __future__ import annotations

import asyncio
import hashlib
import os
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api import reads
from api.app import make_app
from api.granting import Granting
from api.host import Host, Settings, now
from store.ledger.ledger import SERVER
from tests.clusters import prepared
from tests.serving import event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.serving import Running

CONTROL = "/compliance/SOC2-TSC-2017r2022/CC8.1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that was told of a deployment."""
    with serving(tmp_path_factory.mktemp("reads") / "data") as running:
        with running.http() as client:
            assert client.post("/events", json=event()).status_code == 201
        yield running


@pytest.fixture(scope="module")
def auditor(server: Running) -> Iterator[httpx.Client]:
    """An auditor's client."""
    with server.http(server.token_of("auditor", "anna")) as client:
        yield client


def recorded(server: Running, kind: str) -> list[dict[str, Any]]:
    """The data of the events of a type."""
    with server.http() as client:
        page = client.get("/entries", params={"type": f"pipeledger.{kind}", "limit": 1000}).json()
        found = [client.get(f"/entries/{one['position']}").json() for one in page["entries"]]
    return [one["event"]["data"] for one in found]


def test_a_read_of_a_control_names_framework_and_control(
    server: Running, auditor: httpx.Client
) -> None:
    """Which are the catalogue's own names; what is not there is in no event."""
    assert auditor.get(CONTROL, params={"service": "checkout"}).status_code == 200
    assert auditor.get("/compliance/anna@example.org").status_code == 404
    (said,) = [one for one in recorded(server, "evidence.read") if one["evidence"] == "compliance"]
    assert (said["framework"], said["control"]) == ("SOC2-TSC-2017r2022", "CC8.1")
    assert said["query"] == "compliance?service"


def test_an_answer_that_was_had_stays_the_newest(server: Running, auditor: httpx.Client) -> None:
    """A read is appended before its answer and once an hour, so its tag holds; two take turns."""
    paths = ("/deployments", CONTROL)
    tags = []
    for _ in range(2):
        tags = [auditor.get(path).headers["ETag"] for path in paths]
    before = len(recorded(server, "evidence.read"))
    for path, tag in zip(paths * 3, tags * 3, strict=True):
        answer = auditor.get(path, headers={"If-None-Match": tag})
        assert answer.status_code == 304
        assert answer.headers["Pipeledger-Read"] == "recorded"
    assert len(recorded(server, "evidence.read")) == before


def test_a_reader_writes_no_words_of_their_own_into_the_ledger(
    server: Running, auditor: httpx.Client
) -> None:
    """A part that the entry does not have is not named; one that it has is."""
    assert auditor.get("/entries/1/parts/anna was here").status_code == 404
    assert auditor.get("/entries/1/parts/event").status_code == 200
    said = {one["query"] for one in recorded(server, "evidence.read")}
    assert {"entries/1/parts", "entries/1/parts/event"} <= said
    assert not any("anna" in one for one in said)


def test_answers_to_others_say_nothing_of_reads(server: Running) -> None:
    """An operator's reads are not recorded."""
    with server.http() as client:
        assert "Pipeledger-Read" not in client.get("/deployments").headers


def test_an_answer_whose_read_cannot_be_recorded_is_given_and_says_so(
    server: Running, auditor: httpx.Client
) -> None:
    """While the guard is away the ledger takes nothing; afterwards the same read is recorded."""
    guard = server.data.with_name("data.guard") / "default"
    away = guard.with_name("away")
    guard.rename(away)
    answer = auditor.get("/incidents")
    away.rename(guard)
    assert answer.status_code == 200
    assert answer.headers["Pipeledger-Read"] == "not recorded"
    assert auditor.get("/incidents").headers["Pipeledger-Read"] == "recorded"
    assert "incidents" in {one["evidence"] for one in recorded(server, "evidence.read")}


def test_an_export_is_recorded_by_the_digest_of_its_manifest(
    server: Running, tmp_path: Path
) -> None:
    """And is there whether it was recorded or not."""
    server.administer("export", "parquet", tmp_path / "out")
    # The server hears of what another process appended a moment later.
    heard = (recorded(server, "evidence.exported") for _ in range(1000))
    (said,) = next(filter(None, heard))
    digest = hashlib.sha256((tmp_path / "out" / "manifest.json").read_bytes()).hexdigest()
    assert (said["evidence"], said["digest"]) == ("parquet", f"sha256:{digest}")
    assert said["query"].startswith("parquet?known_at=")


def test_a_reader_s_loop_does_not_make_the_ledger_grow_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What exceeds the hour's queries is recorded once a resource; nobody reads unrecorded."""
    monkeypatch.setattr(reads, "EACH", 3)
    with Host(Settings(prepared(tmp_path / "data"))) as home:
        home.create("default", "ledger.example/reads")
        here = home.open("default")
        try:
            token = Granting(here, SERVER, now(), os.urandom).token("auditor", "anna")
            app = make_app({"default": here}, os.urandom, now)
            answers = asyncio.run(_read_on(app, token))
            assert {one.headers["Pipeledger-Read"] for one in answers} == {"recorded"}
            size = here.ledger.published.size
        finally:
            here.close()
    # Creation, the token, three reads one by one, and one for the rest of each resource.
    assert size == 2 + 3 + 2


async def _read_on(app: Any, token: str) -> list[httpx.Response]:  # noqa: ANN401 - an application
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://ledger.example/v1/default", headers=headers
    ) as client:
        paths = [f"/entries?tag=service:s{number}" for number in range(8)] * 2
        paths += [f"/streams/service%2Fs{number}" for number in range(3)]
        return [await client.get(path) for path in paths]
