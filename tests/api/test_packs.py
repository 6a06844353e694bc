"""Evidence packs over HTTP."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from api.making import Packs
from tests.serving import event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.serving import Running

WANTED = {"controls": ["SOX-ITGC/CM-01"], "from": "2026-01-01", "service": "checkout"}
ZIP = {"Accept": "application/zip"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that knows of two deployments."""
    with serving(tmp_path_factory.mktemp("packs") / "data") as running:
        with running.http() as client:
            for number in range(2):
                assert client.post("/events", json=event(number)).status_code == 201
        yield running


@pytest.fixture
def auditor(server: Running) -> Iterator[httpx.Client]:
    """A client that may read."""
    with server.http(server.token_of("auditor", "alma")) as client:
        yield client


def test_a_pack_is_asked_for_made_and_fetched(auditor: httpx.Client, server: Running) -> None:
    """And that it was fetched is an event of the ledger, once."""
    asked = auditor.post("/packs", json=WANTED)
    assert asked.status_code in {200, 202}, asked.text
    identity = asked.json()["id"]
    found = auditor.get(f"/packs/{identity}", params={"wait": 60}, headers=ZIP)
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == "application/zip"
    assert found.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(found.content)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["parameters"]["service"] == "checkout"
    assert manifest["pack"]["counts"]["population"] >= 2
    assert auditor.get(f"/packs/{identity}", headers=ZIP).content == found.content
    with server.http() as client:
        told = client.get("/entries", params={"type": "pipeledger.evidence.exported"}).json()
    assert len(told["entries"]) == 1
    for position in (str(manifest["position"]), manifest["position"]):
        again = auditor.post("/packs", json=WANTED | {"known_at": position})
        assert again.json() == {"id": identity, "state": "made", "bytes": len(found.content)}


def test_what_cannot_be_packed_is_refused_with_its_place(auditor: httpx.Client) -> None:
    """Nothing is made."""
    for body, status, said in (
        ({"frameworks": ["SOX"]}, 404, "no framework of this name; there are "),
        ({"controls": ["SLSA/none"]}, 404, "SLSA has no control of this name"),
        ({"from": "yesterday"}, 400, "field from"),
        ({"known_at": "soon"}, 400, "known_at"),
        ({"controls": "all"}, 400, "controls"),
        ({"framework": ["SLSA"]}, 400, "there is no such field here"),
        (["SLSA"], 400, "expected a JSON object, sent as application/json"),
    ):
        answer = auditor.post("/packs", json=body)
        assert answer.headers["content-type"] == "application/problem+json"
        assert said in answer.text, answer.text
        assert answer.status_code == status
    assert auditor.get(f"/packs/{'0' * 32}").status_code == 404
    assert auditor.get("/packs/nothing").status_code == 400


def test_an_emitter_gets_no_evidence(server: Running) -> None:
    """It sends and does not read."""
    with server.http(server.token_of("emitter")) as client:
        assert client.post("/packs", json=WANTED).status_code == 403
        assert client.get(f"/packs/{'0' * 32}").status_code == 403


def test_whatever_was_packed_before_a_redaction_is_removed(tmp_path: Path) -> None:
    """Also the packs that nobody asks for any more; what is not ours stays."""
    old, new = "a" * 32, "b" * 32
    for name in (f"{old}-9-0.zip", f"{new}-9-4.zip", "theirs.zip"):
        (tmp_path / name).write_bytes(b"x")
    packs = Packs(tmp_path)
    assert packs.find(old, redacted=0) == (tmp_path / f"{old}-9-0.zip", 9)
    assert packs.find(new, redacted=4) == (tmp_path / f"{new}-9-4.zip", 9)
    assert sorted(one.name for one in tmp_path.iterdir()) == [f"{new}-9-4.zip", "theirs.zip"]
    assert packs.find(new, redacted=10) is None
    assert [one.name for one in tmp_path.iterdir()] == ["theirs.zip"]
    packs.close()


def test_what_a_kill_left_of_a_pack_is_removed_at_the_next_start(tmp_path: Path) -> None:
    """It holds events, whatever is redacted since; what another process writes now stays."""
    name = f".{'a' * 32}-9-0.zip"
    (tmp_path / f"{name}.12.new").write_bytes(b"x")
    (tmp_path / f"{name}.abc" / "events").mkdir(parents=True)
    (tmp_path / f"{name}.abc" / "events" / "tail.parquet").write_bytes(b"x")
    for theirs in (".theirs.zip.new", f"{name}"):
        (tmp_path / theirs).write_bytes(b"x")
    one = Packs(tmp_path)
    assert sorted(left.name for left in tmp_path.iterdir()) == sorted([".theirs.zip.new", name])
    (tmp_path / f"{name}.13.new").write_bytes(b"x")
    other = Packs(tmp_path)
    assert (tmp_path / f"{name}.13.new").exists()
    for packs in (one, other):
        packs.close()
    Packs(tmp_path).close()
    assert not (tmp_path / f"{name}.13.new").exists()


def test_a_folder_that_comes_with_the_first_pack_is_held_from_then_on(tmp_path: Path) -> None:
    """So that nobody who starts meanwhile takes what is being written for left behind."""
    folder = tmp_path / "derived" / "packs"
    one = Packs(folder)

    def write(target: Path, _: object) -> None:
        unfinished = target.with_name(f".{target.name}.1.new")
        unfinished.write_bytes(b"x")
        Packs(folder).close()
        unfinished.rename(target)

    made = one.make("a" * 32, 3, 0, write)
    made.ended.result(60)
    assert made.failure is None
    assert one.find("a" * 32, redacted=0) is not None
    one.close()


def test_a_pack_of_an_old_state_that_is_made_after_a_redaction_stays(tmp_path: Path) -> None:
    """Else it would be asked for again and again and never be there."""
    packs = Packs(tmp_path)
    made = packs.make("a" * 32, 3, 7, lambda target, _: target.write_bytes(b"x"))
    made.ended.result(60)
    found = packs.find("a" * 32, redacted=7)
    assert found is not None
    assert found.size == 3
    packs.close()
