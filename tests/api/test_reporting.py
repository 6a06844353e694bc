"""The compliance report and OSCAL of a real server: over HTTP, by the client, by the commands."""

from __future__ import annotations

import html
import json
import re
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from exporters.oscal_checks import problems
from tests.api.test_file_report import sarif
from tests.client.hostile import answering, hostile, whole
from tests.client.test_end_to_end import Shell
from tests.exporters.pages import read_page, table_of
from tests.house.test_documents import ROOT
from tests.serving import BIN, event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.serving import Running

SEPTEMBER: dict[str, Any] = {"from": "2026-09-01", "to": "2026-10-01"}
SLSA = SEPTEMBER | {"framework": ["SLSA", "SOX-ITGC"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that was told of four deployments, of which nobody approved any."""
    with serving(tmp_path_factory.mktemp("reporting") / "data") as running:
        with running.http() as client:
            for number in range(4):
                told = event(number, artifact={"digest": f"sha256:{number:064x}"})
                told["time"] = f"2026-09-{number + 2:02d}T10:00:00Z"
                assert client.post("/events", json=told).status_code == 201
        yield running


@pytest.fixture
def shell(server: Running, tmp_path: Path) -> Shell:
    """A client that trusts the server."""
    made = Shell(server, tmp_path)
    made.trust()
    return made


def _server(server: Running, *words: str | Path, status: int = 0) -> str:
    return server.administer(*words, status=status)


def _token(server: Running, role: str) -> str:
    return server.token_of(role)


def test_the_page_comes_with_its_position_and_its_policy(server: Running) -> None:
    """For browsers that open it from the server; whoever has it is told so."""
    with server.http() as client:
        got = client.get("/report", params=SLSA)
        assert got.status_code == 200
        assert got.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in got.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in got.headers["Content-Security-Policy"]
        position = got.headers["Pipeledger-Position"]
        page = read_page(got.content)
        assert f"read up to entry {position}" in page.all("header")[0].text
        assert "Nobody signed" not in page.text
        again = client.get("/report", params=SLSA, headers={"If-None-Match": got.headers["ETag"]})
        assert again.status_code == 304
        assert client.get("/report", params=SLSA | {"at": "2026-01-01"}).status_code == 400
        assert client.get("/report", params={"framework": "NOSUCH"}).status_code == 404
        assert client.get("/report", headers={"Accept": "image/png"}).status_code == 406


def test_an_auditor_may_read_it_and_an_emitter_may_not(server: Running) -> None:
    """Like everything about the past."""
    for role, status in (("auditor", 200), ("emitter", 403)):
        with server.http(_token(server, role)) as client:
            assert client.get("/report", params=SLSA).status_code == status
            assert client.get("/compliance/SLSA/oscal").status_code == status


def test_openapi_says_what_comes(server: Running) -> None:
    """A page, and OSCAL."""
    with server.http() as client:
        paths = client.get(f"{server.url}/openapi.json").json()["paths"]
    for path, media in (("report", "text/html"),
                        ("compliance/{framework}/oscal", "application/oscal+json")):  # fmt: skip
        assert media in paths[f"/v1/{{ledger}}/{path}"]["get"]["responses"]["200"]["content"]


def test_the_client_writes_the_page_and_the_page_says_how_to_make_it_again(
    server: Running, shell: Shell
) -> None:
    """To the byte, also when the ledger has grown; what it says of keys verifies."""
    first = shell.home / "first.html"
    said = shell("report", "--framework", "SLSA", "--from", "2026-09-01", "--to", "2026-10-01",
                 "--output", first).stdout  # fmt: skip
    assert re.fullmatch(r".*first\.html is written, as of position \d+\n", said)
    with server.http() as client:
        assert client.post("/events", json=event(99)).status_code == 201
    text = first.read_text()
    command = re.search(r"byte for byte: <code>(.*?)</code>", text)
    note = re.search(r"<pre>(.*?)</pre>", text, re.DOTALL)
    assert command is not None
    assert note is not None
    verb, *words = shlex.split(html.unescape(command[1]))
    assert verb == "pipeledger"
    words[words.index("again.html")] = str(shell.home / "again.html")
    shell(*words)
    assert (shell.home / "again.html").read_bytes() == first.read_bytes()
    (shell.home / "checkpoint").write_text(html.unescape(note[1]))
    assert "sound" in shell("verify", shell.home / "checkpoint").stdout


def test_what_answers_and_is_no_ledger_is_not_written(shell: Shell) -> None:
    """A refusal is a line, and no file appears."""
    target = shell.home / "none.html"
    done = shell("report", "--framework", "NOSUCH", "--output", target, status=1)
    assert "there are" in done.stderr
    done = shell("report", "--from", "soon", "--output", target, status=1)
    assert "expected a day" in done.stderr
    with hostile(answering(whole(b"<p>Log in</p>", "200 OK", "text/html"))) as other:
        done = shell("report", "--output", target, status=1,
                     changes={"PIPELEDGER_URL": other.url})  # fmt: skip
    assert "what answered is no ledger" in done.stderr
    assert not target.exists()


def test_oscal_over_http_is_that_of_the_command(server: Running, tmp_path: Path) -> None:
    """The same window at the same position is the same document, with the signed checkpoint."""
    with server.http() as client:
        got = client.get("/compliance/SOX-ITGC/oscal", params=SEPTEMBER)
    assert got.status_code == 200
    assert got.headers["Content-Type"] == "application/oscal+json"
    told = got.json()
    assert list(problems(told)) == []
    ledger = told["assessment-results"]["back-matter"]["resources"][1]
    assert ledger["base64"]["filename"] == "checkpoint"
    position = got.headers["Pipeledger-Position"]
    file = tmp_path / "out.json"
    said = _server(server, "export", "oscal", file, "--framework", "SOX-ITGC", "--from",
                   "2026-09-01", "--to", "2026-10-01", "--known-at", position)  # fmt: skip
    assert f"as known at position {position}" in said
    assert json.loads(file.read_bytes()) == told
    findings = told["assessment-results"]["results"][0]["findings"]
    assert {one["target"]["status"]["state"] for one in findings} == {"not-satisfied"}


def test_the_server_writes_a_report_of_its_ledger(server: Running, tmp_path: Path) -> None:
    """Of all frameworks and all time, unless something is chosen."""
    _server(server, "report", "--ledger", "default", "--output", tmp_path / "all.html")
    page = read_page((tmp_path / "all.html").read_bytes())
    assert len(table_of(page, "Controls by framework").rows()) == 15
    assert "pipeledger-server report --ledger NAME --known-at" in page.text
    # The deployments are not approved, and nobody told of approvals at all.
    lacking = {row[0].split()[0]: row for row in table_of(page, "Tests that lack").rows()}
    assert "this ledger knows of no approval at all" in lacking["CHG-02"][1]
    assert "pipeledger emit approval" in lacking["CHG-02"][5]


@pytest.mark.long
def test_the_commands_of_the_document_work(
    server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line of docs/report.md, in a folder with a scanner's file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results.sarif").write_text(sarif("error"))
    text = (ROOT / "docs" / "report.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    commands = [
        shlex.split(one) for line in rows for one in re.findall("`(pipeledger[^`]+)`", line)
    ]
    assert len(commands) == 4
    for program, *words in commands:
        subprocess.run(
            [BIN / program, *words], check=True, timeout=120, capture_output=True,
            env=server.environment(tmp_path) | {"PIPELEDGER_DATA": str(server.data)},
        )  # fmt: skip
    names = {one.name for one in tmp_path.iterdir()}
    assert {"q1.html", "all.html", "report.html", "results.json"} <= names
