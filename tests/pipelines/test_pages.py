"""The lines on the pages work as they stand, and the facts they promise are in the ledger then."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest

from tests.client.ci_jobs import JOBS, SHA
from tests.client.codehosts import code_host, github
from tests.pipelines.pages import FOLDER, Block, blocks_of, facts_of, shell
from tests.pipelines.tools import DIGEST, FILES, IMAGE, install
from tests.serving import BIN, Running, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = sorted(page.name for page in FOLDER.glob("*.md"))
JOB = {job.name.split()[0].removesuffix("-devops"): job.variables for job in reversed(JOBS)}
KINDS = {
    "tests.md": ["unit", "integration", "contract", "load", "chaos"],
    "static-analysis.md": ["sast", "sast"],
    "dynamic-analysis.md": ["dast"],
    "containers.md": ["container", "container"],
    "compliance.md": ["iac", "baseline"],
}
"""Which tests and scans a page brings, in its order."""
CODE_TOKEN = "ghs_0123456789"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One ledger for the module."""
    with serving(tmp_path_factory.mktemp("pipelines") / "data") as running:
        yield running


class Runner:
    """A job of a CI system with a workspace of its own."""

    def __init__(self, server: Running, folder: Path) -> None:
        self.server = server
        self.work = folder / "work"
        self.tools = folder / "bin"
        for one in (self.work, self.tools, folder / "temp"):
            one.mkdir()
        for name, body in FILES.items():
            file = self.work / name
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(
                gzip.compress(body.encode()) if name.endswith(".gz") else body.encode()
            )
        install(self.tools, self.work)
        # The same report of the same run is the same fact.
        number = str(crc32(str(folder).encode()))
        self.variables = {
            "PATH": f"{self.tools}:{BIN}:{os.environ['PATH']}",
            "HOME": str(folder),
            "PIPELEDGER_URL": server.url,
            "PIPELEDGER_TOKEN": server.token,
            "PIPELEDGER_SPOOL": str(folder / "spool"),
            "IMAGE": IMAGE, "DIGEST": DIGEST, "COMMIT": SHA, "OUTCOME": "success",
            "VAULT_LOGS": "vault", "BUILD": number,
            "RUNNER_TEMP": str(folder / "temp"), "GITHUB_ENV": str(folder / "env"),
            "GITHUB_OUTPUT": str(folder / "output"), "GITHUB_PATH": str(folder / "path"),
        }  # fmt: skip
        with server.http() as http:
            page = http.get("/log/checkpoint").text
        self._begun = int(page.splitlines()[1])

    def __call__(self, block: Block, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run a block as its system does: `bash -e`, in the workspace."""
        return subprocess.run(
            ["bash", "-e", "-c", block.text],
            cwd=self.work, capture_output=True, text=True, check=False, timeout=120,
            env=JOB.get(block.system, {}) | {"GITHUB_RUN_ID": self.variables["BUILD"]}
            | self.variables | changes,
        )  # fmt: skip

    def entries(self) -> list[dict[str, Any]]:
        """What came in since the job began, with its events."""
        with self.server.http() as http:
            rows = http.get(f"/entries?limit=1000&after={self._begun}").json()["entries"]
            # An environment that is seen first is registered by the ledger itself.
            came = [row for row in rows if row["type"] != "pipeledger.environment.registered"]
            return [http.get(f"/entries/{row['position']}").json() for row in came]

    def facts(self) -> set[str]:
        """Types of what came in."""
        return {one["type"].removeprefix("pipeledger.") for one in self.entries()}


@pytest.fixture
def runner(server: Running, tmp_path: Path) -> Runner:
    """A job that has run nothing yet."""
    return Runner(server, tmp_path)


@pytest.mark.parametrize("name", PAGES)
def test_the_lines_of_a_page_bring_the_facts_it_promises(runner: Runner, name: str) -> None:
    """Every block ends well, a delivery that failed would not, and no other types come in."""
    page = (FOLDER / name).read_text()
    blocks = blocks_of(page)
    assert blocks
    with code_host(github("acme/shop", CODE_TOKEN)) as host:
        for block in blocks:
            text = block.text.replace("reconcile github", f"reconcile github --api {host.url}")
            done = runner(Block(block.system, text), PIPELEDGER_STRICT="1", GITHUB_TOKEN=CODE_TOKEN)
            assert done.returncode == 0, (text, done.stdout, done.stderr)
            assert "refused" not in done.stderr
    assert runner.facts() == facts_of(page)
    verified = [
        one
        for one in runner.entries()
        if one["type"] in ("pipeledger.tests.finished", "pipeledger.scan.finished")
    ]
    if name in KINDS:
        assert [one["event"]["data"]["kind"] for one in verified] == KINDS[name]
    if name in ("containers.md", "dynamic-analysis.md"):
        assert all(f"artifact:{DIGEST}" in one["tags"] for one in verified)
    for entry in runner.entries():
        data = entry["event"]["data"]
        # A secret and a host belong to more than one service.
        about = (data.get("service"), data.get("path"), data.get("target"), data.get("system"))
        assert any(about), data


@pytest.mark.parametrize("name", PAGES)
def test_a_tool_that_fails_is_recorded_and_fails_the_job(runner: Runner, name: str) -> None:
    """Its report comes in all the same, and the step ends as the tool did."""
    blocks = [one for one in blocks_of((FOLDER / name).read_text()) if "status=$?" in one.text]
    install(runner.tools, runner.work, status=3)
    for block in blocks:
        if "terraform apply" in block.text:
            assert runner(block).returncode == 3
            continue
        before = len(runner.entries())
        assert runner(block).returncode == 3, block.text
        assert len(runner.entries()) > before


@pytest.mark.parametrize("name", PAGES)
def test_a_ledger_that_is_away_fails_no_step(runner: Runner, name: str) -> None:
    """What would have been sent waits; only a comparison says that it could not be made."""
    for block in blocks_of((FOLDER / name).read_text()):
        if block.system == "curl" or "reconcile" in block.text:
            continue
        done = runner(block, PIPELEDGER_URL="http://127.0.0.1:1")
        assert done.returncode == 0, (block.text, done.stderr)


def test_the_action_makes_ready_and_keeps_what_could_not_be_sent(runner: Runner) -> None:
    """Its two shell steps: variables for later steps, and at the end what waits or a folder."""
    action = (FOLDER / "action" / "action.yml").read_text()
    ready, flush = shell("github", action)
    assert runner(Block("github", ready)).returncode == 0
    name, _, spool = (runner.work.parent / "env").read_text().strip().partition("=")
    assert (name, spool) == ("PIPELEDGER_SPOOL", str(runner.work.parent / "temp/pipeledger-spool"))
    away = {"PIPELEDGER_SPOOL": spool, "PIPELEDGER_URL": "http://127.0.0.1:1"}
    emit = Block("github", "pipeledger emit tests kind=unit service=shop")
    assert runner(emit, **away).returncode == 0
    output = runner.work.parent / "output"
    assert runner(Block("github", flush), **away).returncode == 0
    assert output.read_text().startswith("kept=pipeledger-spool-build-2-")
    output.unlink()
    # Where a failed delivery fails the job, what could not be sent is kept all the same.
    strict = runner(Block("github", flush), PIPELEDGER_STRICT="1", **away)
    assert strict.returncode == 1
    assert output.read_text().startswith("kept=pipeledger-spool-build-2-")
    assert "if: always() && inputs.flush == 'true'" in action
    output.unlink()
    assert runner(Block("github", flush), PIPELEDGER_SPOOL=spool).returncode == 0
    assert not output.exists()
    assert runner.facts() == {"tests.finished"}


def test_the_action_installs_the_client_apart_from_the_packages_of_the_job(
    runner: Runner, tmp_path: Path
) -> None:
    """By the wheel that is given; nothing is fetched by a name that anybody may take."""
    ready, _ = shell("github", (FOLDER / "action" / "action.yml").read_text())
    python = tmp_path / "plain" / "python3"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.base_prefix}/bin/python3 "$@"\n')
    python.chmod(0o700)
    bare = {"PATH": f"{python.parent}:/usr/bin:/bin", "PIP_NO_INDEX": "1"}
    done = runner(Block("github", ready), PACKAGE="", **bare)
    assert (done.returncode, "give its wheel" in done.stdout) == (1, True)
    wheel = tmp_path / "pipeledger-0.1-py3-none-any.whl"
    about = "pipeledger-0.1.dist-info"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("told.py", "def main():\n    print('here')\n")
        packed.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: pipeledger\nVersion: 0.1\n"
        )
        packed.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        packed.writestr(f"{about}/entry_points.txt", "[console_scripts]\npipeledger = told:main\n")
        packed.writestr(f"{about}/RECORD", "")
    done = runner(Block("github", ready), PACKAGE=str(wheel), **bare)
    assert done.returncode == 0, done.stderr
    added = (tmp_path / "path").read_text().strip()
    assert added.startswith(str(tmp_path / "temp"))
    later = runner(Block("github", "pipeledger"), PATH=f"{added}:{bare['PATH']}")
    assert later.stdout == "here\n"


def test_what_was_kept_as_an_artifact_is_taken_up_elsewhere(runner: Runner, tmp_path: Path) -> None:
    """As a zip of the spool, which is how code hosts give artifacts out."""
    spool = runner.variables["PIPELEDGER_SPOOL"]
    emit = Block("github", "pipeledger emit tests kind=unit service=shop")
    runner(emit, PIPELEDGER_URL="http://127.0.0.1:1")
    done = runner(Block("github", f"""
        python3 -c 'import shutil; shutil.make_archive("kept", "zip", "{spool}")'
        PIPELEDGER_SPOOL={tmp_path}/other pipeledger spool import kept.zip
        PIPELEDGER_SPOOL={tmp_path}/other pipeledger spool flush
    """))  # fmt: skip
    assert "1 sent, 0 refused, 0 still waiting" in done.stdout, done.stderr
    assert runner.facts() == {"tests.finished"}


def test_every_page_is_listed_and_every_system_has_its_lines() -> None:
    """The index names all pages; no fence is passed over."""
    index = (FOLDER / "README.md").read_text()
    assert [name for name in PAGES if name != "README.md" and f"({name})" not in index] == []
    found = {block.system for name in PAGES for block in blocks_of((FOLDER / name).read_text())}
    assert found == {"github", "gitlab", "jenkins", "tekton", "azure", "curl"}


def test_no_shell_has_an_expression_of_the_ci_system_in_it() -> None:
    """What stands in an expression is put into the script's text, where it could be a command."""
    pages = [FOLDER / name for name in PAGES]
    shells = [one.text for page in pages for one in blocks_of(page.read_text())]
    shells += shell("github", (FOLDER / "action" / "action.yml").read_text())
    assert [text for text in shells if "${{" in text or "$(params" in text] == []
