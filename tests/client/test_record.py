"""Report files are found where they lie, recognised, and said to be recorded or not."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from pipeledger import bodies
from pipeledger.bodies import UnreadableError
from pipeledger.reports import find_reports
from tests.client.conftest import Command
from tests.serving import Running, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SARIF = json.dumps({
    "version": "2.1.0",
    "runs": [{"tool": {"driver": {"name": "Semgrep OSS", "version": "1.96.0"}}, "results": []}],
}).encode()  # fmt: skip


def junit(name: str) -> bytes:
    """A report of one test that passed; each name makes another report."""
    return f'<testsuites name="pytest tests"><testsuite name="{name}"><testcase name="a"/>\
</testsuite></testsuites>'.encode()


def zipped(**files: bytes) -> bytes:
    """A zip archive of these files; `__` stands for a dot."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name.replace("__", "."), body)
    return packed.getvalue()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One ledger for the module."""
    with serving(tmp_path_factory.mktemp("record") / "data") as running:
        yield running


@pytest.fixture
def recorder(server: Running, tmp_path: Path) -> Command:
    """The command, speaking to a real ledger."""
    home = tmp_path / "home"
    home.mkdir()
    command = Command(home, server.url)
    command.environment["PIPELEDGER_TOKEN"] = server.token
    return command


def test_each_file_says_what_it_was_and_what_was_recorded(recorder: Command) -> None:
    """Files, folders, patterns, gzip, zip: one line each, and the sum."""
    reports = recorder.home / "reports"
    (reports / "deep").mkdir(parents=True)
    (reports / "deep" / "junit.xml").write_bytes(junit("folder"))
    (reports / ".hidden.xml").write_bytes(junit("hidden"))
    (recorder.home / "one.sarif.gz").write_bytes(gzip.compress(SARIF))
    (recorder.home / "star-1.xml").write_bytes(junit("pattern"))
    (recorder.home / "all.zip").write_bytes(
        zipped(a__xml=junit("zip"), b__xml__gz=gzip.compress(junit("zip and gzip")),
               __hidden=b"x", dir=b"")
    )  # fmt: skip
    done = recorder("record", "reports", "one.sarif.gz", "star-*.xml", "all.zip", "--service", "s")
    said = [line.partition(" at position ")[0] for line in done.stdout.splitlines()]
    assert said == [
        "reports/deep/junit.xml: junit of pytest: tests.finished",
        "one.sarif: sarif of Semgrep OSS 1.96.0: scan.finished",
        "star-1.xml: junit of pytest: tests.finished",
        "all.zip!a.xml: junit of pytest: tests.finished",
        "all.zip!b.xml.gz: junit of pytest: tests.finished",
        "5 of 6 files recorded",
    ]
    assert done.stderr.startswith("pipeledger: all.zip!dir was refused: body: ")
    assert "already at position" in recorder("record", "one.sarif.gz", "--service", "s").stdout


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda body: zipped(x__xml=body)])
def test_a_pipe_may_be_packed_as_files_are(recorder: Command, pack: type[bytes]) -> None:
    """Standard input cannot be sought in, and is read all the same."""
    body = pack(junit(f"pipe {len(pack(b'x'))}"))
    done = subprocess.run(
        [sys.executable, "-m", "pipeledger", "record", "-", "--strict"],
        env=recorder.environment, input=body, capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert b"junit of pytest: tests.finished at position" in done.stdout


def test_what_is_no_report_fails_only_where_it_was_named(recorder: Command) -> None:
    """A folder holds other files, too; but a folder of nothing else is a mistake."""
    folder = recorder.home / "mixed"
    folder.mkdir()
    (folder / "README").write_text("no report")
    recorder("record", "mixed")
    recorder("record", "mixed", "--strict", status=1)
    (folder / "junit.xml").write_bytes(junit("mixed"))
    done = recorder("record", "mixed", "--strict")
    assert "1 of 2 files recorded" in done.stdout
    assert "README was refused: body: no format is recognised; " in done.stderr
    for name, text in {"cut.json": '{"results": [', "cut.xml": "<testsuites"}.items():
        (folder / name).write_text(text)
        kind = name.removeprefix("cut.").upper()
        assert f"recognised, since it is no whole {kind}; " in recorder("record", folder).stderr
        (folder / name).unlink()
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    said = recorder("record", "mixed", "--strict").stderr
    assert "picture.png was refused: body: no format is recognised, since it is no text (" in said
    recorder("record", "mixed/picture.png", "--strict", status=1)
    (folder / "cut.json").write_bytes(b'{"results": [\0')
    recorder("record", "mixed", "--strict", status=1)
    (folder / "cut.json").unlink()
    recorder("record", "mixed/README")
    recorder("record", "mixed/README", "mixed/junit.xml", "--strict", status=1)


def test_a_damaged_file_fails_where_it_is_strict_and_holds_up_no_other(recorder: Command) -> None:
    """Cut gzip, cut zip, a report that stops in the middle."""
    (recorder.home / "a.xml.gz").write_bytes(gzip.compress(junit("cut"))[:-12])
    (recorder.home / "b.zip").write_bytes(zipped(x=os.urandom(500))[:-30])
    (recorder.home / "c.xml").write_bytes(junit("broken")[:-5])
    (recorder.home / "d.xml").write_bytes(junit("whole"))
    words = ("record", "a.xml.gz", "b.zip", "c.xml", "d.xml")
    done = recorder(*words)
    assert "1 of 4 files recorded" in done.stdout
    assert [line.split(": ")[1].split()[0] for line in done.stderr.splitlines()] == [
        "a.xml", "b.zip", "c.xml",
    ]  # fmt: skip
    recorder(*words, "--strict", status=1)


def test_a_name_that_names_nothing_is_a_wrong_word(recorder: Command) -> None:
    """A typing error in a pipeline is said; an empty folder is no error by itself."""
    recorder("record", "nothing.xml", status=2)
    recorder("record", "nothing-*.xml", status=2)
    recorder("record", status=2)
    (recorder.home / "empty").mkdir()
    assert "no file to record" in recorder("record", "empty").stderr
    recorder("record", "empty", "--strict", status=1)


def test_a_report_waits_while_the_ledger_is_away(recorder: Command) -> None:
    """And comes in with the context it was recorded with."""
    (recorder.home / "junit.xml").write_bytes(junit("away"))
    away = {"PIPELEDGER_URL": "http://127.0.0.1:1"}
    done = recorder("record", "junit.xml", "--service", "later", changes=away)
    assert "junit.xml waits in the spool, 1 in all" in done.stderr
    recorder("record", "junit.xml", "--service", "later", "--strict", status=1, changes=away)
    assert "2 sent, 0 refused, 0 still waiting" in recorder("spool", "flush").stdout


def test_a_zip_may_be_larger_than_one_report(
    recorder: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is one of what is unpacked, file by file."""
    monkeypatch.setattr(bodies, "MAX_REPORT", 1000)
    file = recorder.home / "large.zip"
    file.write_bytes(zipped(a=os.urandom(900), b=os.urandom(900), c=os.urandom(1001)))
    sizes = []
    for one in find_reports([str(file)]):
        try:
            sizes.append(sum(map(len, one.pieces())))
        except UnreadableError as error:
            assert str(error) == "larger than 0 MB"  # noqa: PT017 - two may be read
    assert sizes == [900, 900]
