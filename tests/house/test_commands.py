"""The commands that the documents show are commands, and those of the first page work."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
from functools import cache
from typing import TYPE_CHECKING

import click
import pytest

from api.cli import cli
from pipeledger.cli import main
from tests.house.test_documents import ROOT, tracked
from tests.serving import BIN, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.serving import Running

_SHOWN = re.compile(r"(?:^|[`$(;|&] ?|\s)(pipeledger(?:-server)? [a-z][^`\n|;&)]*)", re.MULTILINE)
_COMMENT = re.compile(r"(?<=\S) +# .*")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def shown() -> list[tuple[str, list[str]]]:
    """Every command in the documents: the page, and its words up to a lone `--`."""
    found = []
    for page in tracked("README.md", "client/README.md", "docs/*.md", "docs/**/*.md"):
        text = _COMMENT.sub("", page.read_text().replace("\\\n", " "))
        for line in _SHOWN.findall(text):
            words = line.partition(" -- ")[0].split()
            found.append((str(page.relative_to(ROOT)), words))
    return found


@cache
def helped(verb: str) -> str:
    """What a verb of the client says of itself."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        main([verb, "--help"])
    return said.getvalue()


def options_of(words: list[str]) -> set[str] | None:
    """The options of a command of the server, or None where there is no such command."""
    found: click.Command = cli
    for word in words[1:]:
        if word.startswith("-") or not isinstance(found, click.Group):
            break
        inner = found.get_command(click.Context(found), word)
        if inner is None:
            return None if re.fullmatch("[a-z-]+", word) else set()
        found = inner
    return {one for item in found.params for one in [*item.opts, *item.secondary_opts]} | {"--help"}


def test_every_command_in_the_documents_is_there_with_its_options() -> None:
    """Of blocks and of sentences; what a test runs is checked by that as well."""
    wrong = []
    commands = shown()
    assert len(commands) > 150
    for page, words in commands:
        asked = set(_OPTION.findall(" ".join(words)))
        if words[0] == "pipeledger":
            known = set(_OPTION.findall(helped(words[1])))
            if words[1] == "spool" and len(words) > 2:
                known |= {"--retry-refused", "--readdress"}
            there = bool(known)
        else:
            options = options_of(words)
            there, known = options is not None, options or asked
        if not there or not asked <= known:
            wrong.append(f"{page}: {' '.join(words)}: {sorted(asked - known)}")
    assert wrong == []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that nobody told anything yet."""
    with serving(tmp_path_factory.mktemp("house") / "data") as running:
        yield running


def test_the_lines_of_the_first_page_work_as_they_stand(server: Running, tmp_path: Path) -> None:
    """From the server's own lines to a verified ledger, in a project that has what they name."""
    text = (ROOT / "README.md").read_text().partition("## Send the first event")[2]
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    assert len(lines) == 7
    export, *rest = lines
    assert export == "export PIPELEDGER_URL=http://127.0.0.1:8400 PIPELEDGER_TOKEN=…"
    (tmp_path / "deploy.sh").write_text("#!/bin/sh\n")
    (tmp_path / "deploy.sh").chmod(0o755)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "unit.xml").write_text(
        '<testsuites name="pytest tests"><testsuite name="s"><testcase classname="c" name="a"/>'
        "</testsuite></testsuites>"
    )
    author = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"], ["tag", "v1"]):
        subprocess.run([*author, *words], cwd=tmp_path, check=True)
    script = "\n".join(rest).replace("sha256:…", server.fingerprint)
    done = subprocess.run(
        ["bash", "-e", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=server.environment(tmp_path)
        | {"PATH": f"{BIN}:{os.environ['PATH']}", "PIPELEDGER_STRICT": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sound: entries of" in done.stdout


@pytest.mark.parametrize(("kind", "unmapped"), [("github", 0), ("gitlab", 1)])
def test_the_lines_that_try_a_webhook_are_taken(
    server: Running, tmp_path: Path, kind: str, unmapped: int
) -> None:
    """With the address and secret that were printed; with another secret they end with 22."""
    with server.http() as http:
        made = http.post("/sources", json={"kind": kind}).json()
    page = (ROOT / "docs" / "integrations" / f"{kind}.md").read_text()
    (script,) = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    for secret, status in ((made["secret"], 0), ("another", 22)):
        done = subprocess.run(
            ["bash", "-e", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False,
            env={"PATH": os.environ["PATH"], "URL": made["url"], "SECRET": secret},
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
    with server.http() as http:
        (seen,) = [one for one in http.get("/sources").json()["sources"] if one["kind"] == kind]
    assert (seen["delivered"], seen["unmapped"]) == (1, unmapped)
