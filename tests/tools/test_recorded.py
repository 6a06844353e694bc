"""What today's tools write is recorded by the client, and counted right."""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import pytest

from tests.serving import BIN, Running, serving
from tests.tools.environments import NAMES, READERS, Tool, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.long

PROOF = {"Accept": "application/vnd.pipeledger.proof+json"}
CODE = """\
import subprocess


def run(command):
    assert command
    return subprocess.call(command, shell=True)


def answer(value):
    if value:
        return eval(value)
    return eval("1")
"""
RULES = """\
rules:
  - id: no-eval
    languages: [python]
    severity: ERROR
    message: A text is evaluated.
    pattern: eval(...)
  - id: no-shell
    languages: [python]
    severity: WARNING
    message: A shell is started.
    pattern: subprocess.call(..., shell=True)
"""
TESTS = """\
import pytest


def test_right(): ...
@pytest.mark.parametrize("number", [1, 2])
def test_numbers(number): assert number == 1
@pytest.mark.skip(reason="not today")
def test_skipped(): ...
@pytest.mark.xfail(strict=True)
def test_expected(): assert False
@pytest.fixture
def broken(): raise OSError
def test_broken(broken): ...
"""
SCRIPT = """\
import code_under_test


print(code_under_test.answer("2"))
"""
CONSUMER = """\
import urllib.error
import urllib.request

from pact import Pact

pact = Pact("web", "orders").with_specification("V4")
for number, status in ((7, 200), (8, 404)):
    asked = pact.upon_receiving(f"a request for order {number}")
    asked.with_request("GET", f"/orders/{number}").will_respond_with(status)
with pact.serve() as server:
    urllib.request.urlopen(f"{server.url}/orders/7")
    try:
        urllib.request.urlopen(f"{server.url}/orders/8")
    except urllib.error.HTTPError as error:
        assert error.code == 404
pact.write_file("pacts")
"""
PROVIDER = """\
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from pact import Verifier


class Orders(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


server = HTTPServer(("127.0.0.1", 0), Orders)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"
verifier = Verifier("orders", host="127.0.0.1").add_transport(url=address).add_source("pacts")
try:
    verifier.verify()
except RuntimeError:
    pass
with open("verified.json", "w") as file:
    json.dump(verifier.results, file)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for the module."""
    with serving(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture
def tool(request: pytest.FixtureRequest) -> Tool:
    """The tool that the test is for."""
    return prepare(request.param)


def using(name: str) -> pytest.MarkDecorator:
    """A test with a tool."""
    return pytest.mark.parametrize("tool", [name], indirect=True)


Told = tuple[str, dict[str, Any], list[dict[str, Any]]]
"""What a file became: format, the event's data, and the rows of its document."""


def record(server: Running, home: Path, *files: Path) -> list[Told]:
    """Record files by the real client; what the ledger holds of each."""
    done = subprocess.run(
        [BIN / "pipeledger", "record", "--json", "--strict", *files],
        env=server.environment(home), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = []
    with server.http() as http:
        for line in map(json.loads, done.stdout.splitlines()):
            (row,) = line["receipts"]
            proof = http.get(f"/entries/{row['receipt']['position']}/proof", headers=PROOF).json()
            parts = {part["name"]: b64decode(part["bytes"]) for part in proof["parts"]}
            rows = [
                json.loads(text)
                for name, body in parts.items() if name not in ("event", "original", "text")
                for text in body.splitlines()
            ]  # fmt: skip
            told.append((line["recognised"]["format"], json.loads(parts["event"])["data"], rows))
    return told


@using("semgrep")
def test_semgrep_s_findings_are_those_of_its_rules(
    tool: Tool, server: Running, tmp_path: Path
) -> None:
    """In SARIF and in its own JSON: the same places, and a fingerprint each."""
    (tmp_path / "code.py").write_text(CODE)
    (tmp_path / "rules.yml").write_text(RULES)
    words = ("scan", "--metrics=off", "--disable-version-check", "--config", "rules.yml", "code.py")
    for form in ("sarif", "json"):
        tool.run("semgrep", *words, f"--{form}", "--output", f"found.{form}", at=tmp_path)
    one, other = record(server, tmp_path, tmp_path / "found.sarif", tmp_path / "found.json")
    for form, data, rows in (one, other):
        assert (data["outcome"], data["kind"], data["tool_version"]) == (
            "success", "sast", tool.version,
        ), form  # fmt: skip
        assert sorted((row["rule"], row["target"], row["line"]) for row in rows) == [
            ("no-eval", "code.py", 11), ("no-eval", "code.py", 12), ("no-shell", "code.py", 6),
        ]  # fmt: skip
        assert {row["rule"]: row["severity"] for row in rows} == {
            "no-eval": "high", "no-shell": "medium",
        }  # fmt: skip
        prints = {row["rule"]: row["fingerprint"] for row in rows}
        assert len(set(prints.values())) == 2
    assert (one[0], other[0]) == ("sarif", "semgrep")
    assert one[1]["counts"] == {"error": 2, "warning": 1, "note": 0, "none": 0}
    assert (other[1]["counts"]["error"], other[1]["counts"]["warning"]) == (2, 1)


@using("bandit")
def test_bandit_s_findings_are_those_it_counts(tool: Tool, server: Running, tmp_path: Path) -> None:
    """By its SARIF formatter."""
    (tmp_path / "code.py").write_text(CODE)
    for form in ("sarif", "json"):
        words = ("-q", "-f", form, "-o", f"found.{form}", "code.py")
        tool.run("bandit", *words, at=tmp_path, status=1)
    ((form, data, rows),) = record(server, tmp_path, tmp_path / "found.sarif")
    counted = json.loads((tmp_path / "found.json").read_text())
    assert (form, data["tool"], data["tool_version"], data["kind"]) == (
        "sarif", "Bandit", tool.version, "sast",
    )  # fmt: skip
    assert sorted((row["rule"], row["line"]) for row in rows) == sorted(
        (one["test_id"], one["line_number"]) for one in counted["results"]
    )
    total = counted["metrics"]["_totals"]
    assert data["counts"] == {
        "error": total["SEVERITY.HIGH"], "warning": total["SEVERITY.MEDIUM"],
        "note": total["SEVERITY.LOW"], "none": 0,
    }  # fmt: skip
    assert data["counts"]["error"] == 1


@using("pytest")
def test_pytest_s_cases_are_those_it_ran(tool: Tool, server: Running, tmp_path: Path) -> None:
    """Expected failures are skipped, as it writes them."""
    (tmp_path / "test_code.py").write_text(TESTS)
    words = ("-q", "-p", "no:cacheprovider", "--junitxml=junit.xml")
    said = tool.run("pytest", *words, at=tmp_path, status=1)
    assert "1 failed, 2 passed, 1 skipped, 1 xfailed, 1 error" in said
    ((form, data, rows),) = record(server, tmp_path, tmp_path / "junit.xml")
    assert (form, data["tool"], data["outcome"]) == ("junit", "pytest", "failure")
    assert data["counts"] == {"passed": 2, "failure": 1, "error": 1, "skipped": 2}
    assert "claimed" not in data
    assert {row["name"]: row["status"] for row in rows} == {
        "test_right": "passed", "test_numbers[1]": "passed", "test_numbers[2]": "failure",
        "test_skipped": "skipped", "test_expected": "skipped", "test_broken": "error",
    }  # fmt: skip


@using("coverage")
def test_coverage_s_lines_are_those_that_ran(tool: Tool, server: Running, tmp_path: Path) -> None:
    """The same numbers from its XML and its JSON, with branches."""
    (tmp_path / "code_under_test.py").write_text(CODE)
    (tmp_path / "script.py").write_text(SCRIPT)
    tool.run("coverage", "run", "--branch", "--source", ".", "script.py", at=tmp_path)
    for form in ("xml", "json"):
        tool.run("coverage", form, "-o", f"measured.{form}", at=tmp_path)
    one, other = record(server, tmp_path, tmp_path / "measured.xml", tmp_path / "measured.json")
    assert (one[0], other[0]) == ("cobertura", "coverage-py")
    totals = json.loads((tmp_path / "measured.json").read_text())["totals"]
    for _, data, _ in (one, other):
        assert (data["tool"], data["tool_version"], data["files"]) == (
            "coverage.py", tool.version, 2,
        )  # fmt: skip
        assert (data["lines_covered"], data["lines_valid"]) == (7, 10)
        assert (data["branches_covered"], data["branches_valid"]) == (1, 2)
        assert "claimed" not in data
    assert (totals["covered_lines"], totals["num_statements"]) == (7, 10)


@using("cyclonedx-bom")
def test_cyclonedx_s_components_are_those_of_the_list(
    tool: Tool, server: Running, tmp_path: Path
) -> None:
    """In JSON and in XML."""
    (tmp_path / "requirements.txt").write_text("example-one==1.2.3\nexample-two==4.5.6\n")
    for form in ("json", "xml"):
        words = ("requirements", "requirements.txt", "--of", form.upper(), "-o", f"bom.{form}")
        tool.run("cyclonedx-py", *words, at=tmp_path)
    told = record(server, tmp_path, tmp_path / "bom.json", tmp_path / "bom.xml")
    assert [form for form, _, _ in told] == ["cyclonedx", "cyclonedx-xml"]
    for _, data, rows in told:
        assert (data["tool"], data["tool_version"]) == ("cyclonedx-py", tool.version)
        assert (data["kind"], data["components"]) == ("sbom", 2)
        assert [row["purl"] for row in rows] == [
            "pkg:pypi/example-one@1.2.3", "pkg:pypi/example-two@4.5.6",
        ]  # fmt: skip


@using("pact-python")
def test_a_pact_and_its_verification_are_what_happened(
    tool: Tool, server: Running, tmp_path: Path
) -> None:
    """A consumer's contract, and a provider that keeps one of two promises."""
    (tmp_path / "consumer.py").write_text(CONSUMER)
    (tmp_path / "provider.py").write_text(PROVIDER)
    for script in ("consumer.py", "provider.py"):
        tool.run("python", script, at=tmp_path)
    contract, verified = record(
        server, tmp_path, tmp_path / "pacts" / "web-orders.json", tmp_path / "verified.json"
    )
    assert contract[0] == "pact"
    assert sum(contract[1]["counts"].values()) == 2
    assert verified[0] == "pact-verifier"
    assert (verified[1]["outcome"], verified[1]["kind"]) == ("failure", "contract")
    assert (verified[1]["counts"]["passed"], verified[1]["counts"]["failure"]) == (1, 1)
    for _, data, _ in (contract, verified):
        assert (data["consumer"], data["provider"]) == ("web", "orders")


def test_every_tool_that_writes_is_tried() -> None:
    """One that is pinned and not run would tell nothing."""
    tried = {
        name
        for test in globals().values()
        for mark in getattr(test, "pytestmark", [])
        if mark.name == "parametrize"
        for name in mark.args[1]
    }
    assert tried == set(NAMES) - set(READERS)
