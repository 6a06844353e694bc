"""Report files are found and unpacked while they are read, and never are in memory as a whole."""

from __future__ import annotations

import gzip
import io
import os
import sys
import time
import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import pytest

from pipeledger import bodies, reports
from pipeledger.bodies import UnreadableError
from pipeledger.errors import SpoolError
from pipeledger.reports import find_reports
from pipeledger.spool import EVENT, REPORT, Item, Spool
from tests.client.listening import Reply

if TYPE_CHECKING:
    from pathlib import Path

    from pipeledger.reports import ReportFile
    from tests.client.conftest import Command
    from tests.client.listening import Listening, Request

BODY = os.urandom(700_000)
AWAY = {"PIPELEDGER_URL": "http://127.0.0.1:9"}
MEBIBYTE = 1024 * 1024


def found(*words: str | Path) -> list[tuple[str, bytes | str]]:
    """The reports as they are told: name, and bytes or why they cannot be read."""
    told: list[tuple[str, bytes | str]] = []
    for one in find_reports([str(word) for word in words]):
        try:
            body: bytes | str = one.problem or b"".join(one.pieces())
        except UnreadableError as error:
            body = str(error)
        told.append((one.name.rpartition("/")[2], body))
    return told


@pytest.mark.parametrize(
    ("packed", "body"),
    [
        (gzip.compress(BODY, mtime=0), BODY),
        (gzip.compress(BODY[:9], mtime=0) + gzip.compress(BODY[9:], mtime=0), BODY),
        (gzip.compress(BODY, mtime=0) + b"\0" * 300_000, BODY),
        (gzip.compress(b"a", mtime=0) + b"\0" * 300_000 + gzip.compress(b"b", mtime=0), b"ab"),
        (gzip.compress(b"x" * 5_000_000, mtime=0), b"x" * 5_000_000),
        (gzip.compress(b"", mtime=0), b""),
        (gzip.compress(BODY, mtime=0)[:-9], "the gzip stream is cut off"),
        (gzip.compress(b"x" * 5_000_000, mtime=0)[:-1], "the gzip stream is cut off"),
        (b"\x1f\x8bjunk", "a damaged gzip stream"),
        (gzip.compress(b"a", mtime=0) + b"junk", "a damaged gzip stream"),
        (BODY, BODY),
        (b"", b""),
    ],
)
def test_a_file_is_unpacked_as_it_is_read(tmp_path: Path, packed: bytes, body: bytes | str) -> None:
    """Also several streams one behind the other, with the zeros that tape drives leave."""
    (tmp_path / "report.json.gz").write_bytes(packed)
    name = "report.json" if packed.startswith(b"\x1f\x8b") else "report.json.gz"
    assert found(tmp_path / "report.json.gz") == [(name, body)]


def test_an_archive_gives_its_files_one_by_one(tmp_path: Path) -> None:
    """Those packed once more, too; a damaged one does not hide the others."""
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", b"a" * 600_000)
        archive.writestr("b.xml.gz", gzip.compress(b"b", mtime=0))
        archive.writestr("c.xml", b"c" * 600_000)
        archive.writestr("empty/", b"")
    assert found(tmp_path / "all.zip") == [
        ("all.zip!a.xml", b"a" * 600_000), ("all.zip!b.xml.gz", b"b"),
        ("all.zip!c.xml", b"c" * 600_000),
    ]  # fmt: skip
    (tmp_path / "all.zip.gz").write_bytes(gzip.compress((tmp_path / "all.zip").read_bytes()))
    assert found(tmp_path / "all.zip.gz") == found(tmp_path / "all.zip")
    raw = bytearray((tmp_path / "all.zip").read_bytes())
    raw[60] ^= 0xFF
    (tmp_path / "all.zip").write_bytes(raw)
    told = dict(found(tmp_path / "all.zip"))
    assert told["all.zip!a.xml"] == "a damaged or locked archive"
    assert told["all.zip!c.xml"] == b"c" * 600_000


@pytest.mark.parametrize("form", ["plain", "gzip", "zip"])
def test_a_bomb_is_never_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """It ends at the limit, whatever it promises."""
    monkeypatch.setattr(bodies, "MAX_REPORT", MEBIBYTE)
    body = b"\0" * 20 * MEBIBYTE
    file = tmp_path / "bomb"
    if form == "zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inside", body)
    else:
        file.write_bytes(gzip.compress(body, mtime=0) if form == "gzip" else body)
    del body
    tracemalloc.start()
    ((_, said),) = found(file)
    assert tracemalloc.get_traced_memory()[1] < 3 * MEBIBYTE
    tracemalloc.stop()
    assert said == f"{'unpacks to more than' if form == 'gzip' else 'larger than'} 1 MB"


def test_an_archive_of_many_bombs_ends_at_its_own_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that were read before stay read."""
    monkeypatch.setattr(reports, "MAX_UNPACKED", 3 * MEBIBYTE)
    with zipfile.ZipFile(tmp_path / "many.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(9):
            archive.writestr(f"{number}", b"\0" * MEBIBYTE)
    told = [body for _, body in found(tmp_path / "many.zip")]
    assert [len(body) for body in told[:3]] == [MEBIBYTE] * 3
    assert told[3:] == ["unpacks to more than 3 MB"]


@pytest.mark.parametrize("form", ["plain", "gzip", "zip"])
def test_standard_input_may_be_packed(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """And can be sent twice, though it can be read only once."""
    raw = BODY
    if form == "gzip":
        raw = gzip.compress(BODY, mtime=0)
    if form == "zip":
        kept = io.BytesIO()
        with zipfile.ZipFile(kept, "w") as archive:
            archive.writestr("inside", BODY)
        raw = kept.getvalue()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    for one in find_reports(["-"]):
        assert b"".join(one.pieces()) == b"".join(one.pieces()) == BODY


def item(report: ReportFile) -> Item:
    """A report as it waits."""
    return Item(REPORT, "", "default", "id", "label", "application/octet-stream", report)


def test_a_long_report_waits_and_is_sent_without_being_in_memory(
    command: Command, ledger: Listening, tmp_path: Path
) -> None:
    """The ledger gets the same bytes, by their length."""
    file = tmp_path / "long.xml"
    file.write_bytes(b"<testsuite>" + b" " * 40 * MEBIBYTE + b"</testsuite>")
    spool = Spool(tmp_path / "spool", 100 * MEBIBYTE)
    tracemalloc.start()
    (report,) = find_reports([str(file)])
    name = spool.add(item(report))
    kept = spool.read(name)
    assert kept is not None
    assert not isinstance(kept.body, bytes)
    size = sum(map(len, kept.body.pieces()))
    assert tracemalloc.get_traced_memory()[1] < 3 * MEBIBYTE
    tracemalloc.stop()
    assert size == file.stat().st_size
    got: list[Request] = []
    ledger.behave = got.append
    command("record", file)
    assert got[-1].body == file.read_bytes()
    assert got[-1].headers["content-length"] == str(size)


def test_a_spool_that_gets_full_keeps_nothing_of_a_report(tmp_path: Path) -> None:
    """Not even a part of it."""
    file = tmp_path / "long.xml"
    file.write_bytes(b"x" * MEBIBYTE)
    (report,) = find_reports([str(file)])
    spool = Spool(tmp_path / "spool", MEBIBYTE)
    with pytest.raises(SpoolError, match="reached"):
        spool.add(item(report))
    assert spool.waiting() == []
    assert list((tmp_path / "spool" / "partial").iterdir()) == []


def test_a_report_that_cannot_be_kept_is_sent_all_the_same(
    command: Command, ledger: Listening, tmp_path: Path
) -> None:
    """Straight from its file, also when the ledger wants it twice."""
    file = tmp_path / "report.xml.gz"
    body = b"<testsuite>" + b" " * MEBIBYTE + b"</testsuite>"
    file.write_bytes(gzip.compress(body, mtime=0))
    got: list[bytes] = []

    def behave(request: Request) -> Reply | None:
        got.append(request.body)
        return Reply(429, b"{}") if len(got) == 1 else None

    ledger.behave = behave
    command("record", file, changes={"PIPELEDGER_SPOOL_MB": "0"})
    assert got == [body, body]


def test_a_report_that_breaks_off_is_said_and_not_sent(
    command: Command, ledger: Listening, tmp_path: Path
) -> None:
    """The others go."""
    (tmp_path / "a.gz").write_bytes(gzip.compress(BODY, mtime=0)[:-9])
    (tmp_path / "b.xml").write_bytes(b"<testsuite/>")
    done = command("record", tmp_path, status=1, changes={"PIPELEDGER_STRICT": "1"})
    assert "a: the gzip stream is cut off" in done.stderr
    assert done.stdout.endswith("1 of 2 files recorded\n")
    assert command.waiting() == []
    assert len(ledger.requests) == 1


def test_a_pipe_is_a_file_like_another(command: Command, ledger: Listening) -> None:
    """As shells make one of a command's output."""
    pipe = command.home / "pipe"
    os.mkfifo(pipe)
    process = command.start("record", pipe)
    pipe.write_bytes(gzip.compress(b"<testsuite/>", mtime=0))
    process.communicate(timeout=60)
    assert [request.body for request in ledger.requests] == [b"<testsuite/>"]


def test_a_kill_while_a_report_is_being_kept_leaves_nothing_in_the_queue(
    command: Command,
) -> None:
    """What was written goes when nobody can still be writing it."""
    file = command.home / "long"
    with file.open("wb") as out:
        out.truncate(200 * MEBIBYTE)
    process = command.start("record", file, changes=AWAY)
    partial = command.spool / "partial"
    while not (partial.exists() and any(partial.iterdir())):
        assert process.poll() is None
    process.kill()
    process.communicate()
    assert command.waiting() == []
    (left,) = partial.iterdir()
    spool = Spool(command.spool, 10 * MEBIBYTE)
    for days, stays in ((0.5, True), (1.5, False)):
        os.utime(left, (time.time() - days * 86_400,) * 2)
        spool.add(Item(EVENT, "", "default", "id", "", "", b"{}"))
        assert left.exists() == stays
