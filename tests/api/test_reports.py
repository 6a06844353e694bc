"""Report files over HTTP and by the client: recognised, recorded, sealed, and found again."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from base64 import b64decode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.inside import client
from tests.serving import Running, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

PROOF = {"Accept": "application/vnd.pipeledger.proof+json"}
JUNIT = b"""<testsuite name="unit" timestamp="2026-01-05T10:00:00Z">
<testcase classname="c" name="one"/><testcase classname="c" name="two"><failure/></testcase>
</testsuite>"""
SARIF = json.dumps({
    "version": "2.1.0",
    "runs": [
        {"tool": {"driver": {"name": "Looker", "version": "1"}},
         "results": [{"ruleId": "A1", "level": "error",
                      "message": {"text": "mail m.chen@example.com"}}]},
        {"tool": {"driver": {"name": "Looker", "version": "1"}}, "results": []},
    ],
}).encode()  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for the module."""
    with serving(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture
def http(server: Running) -> Iterator[httpx.Client]:
    """The operator's client."""
    with server.http() as client:
        yield client


def parts_of(http: httpx.Client, position: int) -> dict[str, bytes]:
    """The parts of an entry, by name."""
    bundle = http.get(f"/entries/{position}/proof", headers=PROOF).json()
    return {part["name"]: b64decode(part["bytes"]) for part in bundle["parts"]}


def test_who_sends_knows_better_than_a_stand_in(http: httpx.Client) -> None:
    """A namespace stands for the environment only as long as nobody names the environment."""
    application = json.dumps({
        "metadata": {"name": "shop-eu"},
        "spec": {"source": {}, "destination": {"namespace": "eu"}},
        "status": {"history": [{"id": 1, "deployedAt": "2026-01-05T09:00:00Z"}]},
    }).encode()  # fmt: skip
    found = []
    for query in ({}, {"environment": "production"}, {"environment": "live", "service": "shop"}):
        told = http.post("/reports", params=query, content=application).json()
        position = told["receipts"][0]["receipt"]["position"]
        data = json.loads(parts_of(http, position)["event"])["data"]
        found.append(
            [
                data.get(name)
                for name in ("environment", "environment_basis", "service", "service_basis")
            ]
        )
    assert found == [
        ["eu", "namespace", "shop-eu", "application"],
        ["production", None, "shop-eu", "application"],
        ["live", None, "shop", None],
    ]  # fmt: skip


def test_a_report_becomes_events_with_its_documents(http: httpx.Client) -> None:
    """One for each run; the file itself goes with the first; a repeat is recognised."""
    query = {"service": "checkout", "commit": "a" * 40, "at": "2026-01-05T09:00:00+01:00"}
    answer = http.post("/reports", params=query, content=SARIF)
    assert answer.status_code == 201
    told = answer.json()
    assert told["recognised"] == {"format": "sarif", "tool": "Looker", "version": "1"}
    first, second = (row["receipt"]["position"] for row in told["receipts"])
    parts = parts_of(http, first)
    assert parts["original"] == SARIF
    assert json.loads(parts["findings"])["rule"] == "A1"
    assert "original" not in parts_of(http, second)
    event = json.loads(parts["event"])
    assert event["time"] == "2026-01-05T09:00:00+01:00"
    assert event["data"]["time_basis"] == "caller"
    assert event["data"]["counts"]["error"] == 1
    assert {one["name"] for one in event["data"]["documents"]} == {"original", "findings"}
    again = http.post("/reports", params=query, content=gzip.compress(SARIF),
                      headers={"Content-Encoding": "gzip"})  # fmt: skip
    assert again.status_code == 200
    assert again.json()["receipts"][0]["receipt"]["position"] == first
    other = http.post("/reports", params=query | {"run": "8"}, content=SARIF)
    assert other.status_code == 201


def test_the_file_s_own_words_come_first(http: httpx.Client) -> None:
    """The sender's fill what it does not say."""
    query = {"at": "2020-01-01T00:00:00Z", "artifact": f"sha256:{'b' * 64}", "environment": "test"}
    answer = http.post("/reports", params=query, content=JUNIT)
    (row,) = answer.json()["receipts"]
    event = json.loads(parts_of(http, row["receipt"]["position"])["event"])
    assert event["time"] == "2026-01-05T10:00:00Z"
    assert event["data"]["time_basis"] == "source"
    assert event["data"]["outcome"] == "failure"
    assert event["data"]["artifact"] == {"digest": f"sha256:{'b' * 64}"}


def test_the_kind_of_tests_is_told_by_who_knows_it(http: httpx.Client) -> None:
    """A JUnit file does not say it; one of scans is none of tests, and a file that says it wins."""
    pact = json.dumps({
        "success": False, "providerApplicationVersion": "1", "testResults": [],
        "providerName": "bar", "verificationDate": "2026-01-05T10:00:00+00:00",
    }).encode()  # fmt: skip
    for kind, body, found in (
        ("integration", JUNIT, "integration"),
        ("sast", JUNIT, None),
        ("sast", SARIF, "sast"),
        ("unit", pact, "contract"),
    ):
        answer = http.post("/reports", params={"kind": kind, "run": "kinds"}, content=body)
        assert answer.status_code == 201, answer.text
        position = answer.json()["receipts"][0]["receipt"]["position"]
        event = json.loads(parts_of(http, position)["event"])
        assert event["data"].get("kind") == found


@pytest.mark.parametrize(
    ("query", "body", "place"),
    [
        ({}, b"hello", "body"),
        ({}, b"", "body"),
        ({"format": "sarif"}, JUNIT, "byte 0"),
        ({"format": "nonsense"}, JUNIT, "query format"),
        ({"at": "yesterday"}, JUNIT, "query at"),
        ({"artifact": "latest"}, JUNIT, "field data.artifact.digest"),
        ({"commit": "HEAD"}, JUNIT, "field data.commit"),
        ({"service": "a\nb"}, JUNIT, "field data.service"),
        ({"colour": "red"}, JUNIT, "query colour"),
        ({"kind": "red"}, JUNIT, "query kind"),
        ({"source": "with space"}, JUNIT, "field source"),
    ],
)
def test_a_bad_report_is_refused_with_its_place(
    http: httpx.Client, query: dict[str, str], body: bytes, place: str
) -> None:
    """And nothing is recorded."""
    before = http.get("/log/checkpoint").text
    answer = http.post("/reports", params=query, content=body)
    assert (answer.status_code, answer.json()["place"]) == (400, place), answer.text
    assert http.get("/log/checkpoint").text == before


def test_a_long_report_comes_back_as_it_was_sent(http: httpx.Client) -> None:
    """It is sealed piece by piece, and so is the document made of it."""
    case = '<testcase classname="c" name="n{0}"><failure>{0:0400}</failure></testcase>'
    cases = "".join(case.format(number) for number in range(30_000))
    body = f"<testsuite>{cases}</testsuite>".encode()
    answer = http.post("/reports", content=gzip.compress(body, 1),
                       headers={"Content-Encoding": "gzip"})  # fmt: skip
    (row,) = answer.json()["receipts"]
    parts = parts_of(http, row["receipt"]["position"])
    assert parts["original"] == body
    assert len(parts["results"].splitlines()) == 30_000
    told = {one["name"]: one for one in json.loads(parts["event"])["data"]["documents"]}
    for name in ("original", "results"):
        assert told[name]["digest"] == f"sha256:{sha256(parts[name]).hexdigest()}"
        assert told[name]["length"] == len(parts[name]) > 2**20


def test_a_compression_bomb_is_refused(http: httpx.Client) -> None:
    """Before it is unpacked."""
    squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
    bomb = b"".join(squeeze.compress(b" " * 2**20) for _ in range(300)) + squeeze.flush()
    answer = http.post("/reports", content=bomb, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 413


@needs_fixtures
def test_the_client_records_real_files_and_says_what_they_were(
    server: Running, tmp_path: Path
) -> None:
    """Every SARIF and JUnit file of real tools; tool and version as they were read off it."""
    rows = facts("SOURCES-scanners.tsv")
    names = [
        name for name in sorted(rows)
        if (name.startswith(("codeql/", "semgrep/")) and name.endswith(".sarif"))
        or name.startswith("junit/")
    ]  # fmt: skip
    environment = server.environment(tmp_path) | {"PIPELEDGER_STRICT": "1"}
    files = (FOLDER / name for name in names)
    done = client("record", "--json", *files, environment=environment)
    lines: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [os.path.relpath(line["file"], FOLDER) for line in lines] == names
    with server.http() as http:
        for name, line in zip(names, lines, strict=True):
            (row,) = line["receipts"]
            event = json.loads(parts_of(http, row["receipt"]["position"])["event"])
            data = event["data"]
            if name.endswith(".sarif"):
                assert f"tool={data['tool']} {data['tool_version']};" in rows[name]
                assert f"results={data['findings_count']};" in rows[name]
            else:
                assert f"testcase elements={sum(data['counts'].values())};" in rows[name]
