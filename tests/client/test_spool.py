"""Nothing is lost, nothing comes twice, the order stays, and the job does not fail.

Long since every way to fail has its case here.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import tarfile
import threading
import time
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from pipeledger.bodies import split
from pipeledger.errors import SpoolError
from pipeledger.event import CONTENT_TYPE
from pipeledger.spool import EVENT, Item, Spool
from tests.client.listening import Listening, Reply, Request, listening
from tests.client.writer import ledger_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.client.conftest import Command

AWAY = {"PIPELEDGER_URL": "http://127.0.0.1:9"}
EVENT_WORDS = ("emit", "deployment.finished", "service=a", "environment=b", "outcome=success")


def failing(*statuses: int | None) -> Callable[[Request], Reply | None]:
    """Answer the first requests with these; None hangs up after having read the request."""
    left = list(statuses)

    def behave(_: Request) -> Reply | None:
        if not left:
            return None
        status = left.pop(0)
        return Reply(hang_up=True) if status is None else Reply(status, b'{"detail":"not now"}')

    return behave


@pytest.mark.parametrize("trouble", [500, 502, 503, 429, 401, 404, None])
def test_an_event_waits_while_the_ledger_is_away(
    command: Command, ledger: Listening, trouble: int | None
) -> None:
    """Errors of the server, limits, a wrong token: exit 0, one line, and it comes later."""
    ledger.behave = failing(*[trouble] * 9)
    done = command(*EVENT_WORDS, "--id", "first")
    assert done.stderr.count("\n") == 1
    assert "waits in the spool, 1 in all" in done.stderr
    ledger.behave = failing()
    command(*EVENT_WORDS, "--id", "second")
    assert ledger.ids == ["first", "second"]
    assert command.waiting() == []


def test_strict_fails_the_job_and_still_keeps_the_event(command: Command) -> None:
    """By variable or by option."""
    command(*EVENT_WORDS, status=1, changes=AWAY | {"PIPELEDGER_STRICT": "1"})
    command(*EVENT_WORDS, "--strict", status=1, changes=AWAY)
    assert len(command.waiting()) == 2


def test_an_address_that_is_not_set_is_said_and_the_event_waits(
    command: Command, ledger: Listening
) -> None:
    """A job without its variables does not fail; a later one with them sends."""
    done = command(*EVENT_WORDS, "--id", "a", changes={"PIPELEDGER_URL": ""})
    assert "PIPELEDGER_URL is not set" in done.stderr
    command("spool", "flush")
    assert ledger.ids == ["a"]


def test_older_events_come_first_and_each_once(command: Command, ledger: Listening) -> None:
    """Twelve wait, an answer is lost half-way, and all come in order."""
    for number in range(12):
        command(*EVENT_WORDS, "--id", f"e{number}", changes=AWAY)
    lost: list[bytes] = []

    def behave(request: Request) -> Reply | None:
        if lost:
            return None
        lost.append(request.body)
        for line in request.body.split(b"\n"):
            ledger.keep(line)
        return Reply(hang_up=True)

    ledger.behave = behave
    assert "still waiting" in command("spool", "flush").stdout
    assert len(command.waiting()) == 12
    command(*EVENT_WORDS, "--id", "e12")
    assert ledger.ids == [f"e{number}" for number in range(13)]
    assert command.waiting() == []


def test_a_refused_event_is_set_aside_with_its_reason(command: Command, ledger: Listening) -> None:
    """It holds nothing up, and can be tried once more."""
    for name in ("bad", "good"):
        command(*EVENT_WORDS, "--id", name, changes=AWAY)

    def behave(request: Request) -> Reply | None:
        if b'"bad"' not in request.body:
            return None
        problem = {"place": "field data.outcome", "detail": "expected success"}
        return Reply(400, json.dumps(problem).encode())

    ledger.behave = behave
    done = command("spool", "flush")
    assert done.stdout == "1 sent, 1 refused, 0 still waiting\n"
    assert "field data.outcome: expected success" in done.stderr
    assert ledger.ids == ["good"]
    assert "field data.outcome: expected success" in command("spool", "status").stdout
    ledger.behave = failing()
    command("spool", "flush", "--retry-refused")
    assert ledger.ids == ["good", "bad"]
    status = json.loads(command("spool", "status", "--json").stdout)
    assert (status["waiting"], status["refused"]) == (0, [])


def test_two_processes_at_once_send_everything_once(command: Command, ledger: Listening) -> None:
    """Five events of each of two jobs, sent side by side after some waited."""
    for number in range(5):
        command(*EVENT_WORDS, "--id", f"old{number}", changes=AWAY)

    def emit(job: str) -> None:
        for number in range(5):
            command.apart(*EVENT_WORDS, "--id", f"{job}{number}")

    threads = [threading.Thread(target=emit, args=(job,)) for job in "xy"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.ids[:5] == [f"old{number}" for number in range(5)]
    assert sorted(ledger.ids[5:]) == sorted(f"{job}{n}" for job in "xy" for n in range(5))
    for job in "xy":
        assert [one for one in ledger.ids if one[0] == job] == [f"{job}{n}" for n in range(5)]
    assert command.waiting() == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_while_sending_loses_and_doubles_nothing(
    command: Command, ledger: Listening, when: str
) -> None:
    """SIGKILL with the request on its way, before or after the ledger took it."""
    arrived, release = threading.Event(), threading.Event()

    def behave(request: Request) -> Reply | None:
        if release.is_set():
            return None
        if when == "after":
            ledger.keep(request.body)
        arrived.set()
        ledger.lock.release()
        release.wait(30)
        ledger.lock.acquire()
        return Reply(hang_up=True)

    ledger.behave = behave
    process = command.start(*EVENT_WORDS, "--id", "k")
    assert arrived.wait(30)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    release.set()
    assert len(command.waiting()) == 1
    command(*EVENT_WORDS, "--id", "l")
    assert ledger.ids == ["k", "l"]


def test_a_full_disk_is_said_in_one_line_and_leaves_nothing_half_written(
    command: Command, ledger: Listening
) -> None:
    """With a limit on file sizes as a disk that is full: sent directly, or said to be lost."""
    big = "note=" + "x" * 20_000
    script = command.home / "limited.sh"
    script.write_text('#!/bin/sh\nulimit -f 8\nexec "$@"\n')
    script.chmod(0o755)

    def emit(name: str, **changes: str) -> tuple[int, str]:
        import subprocess  # noqa: PLC0415 - only here is it run through a shell's limit
        import sys  # noqa: PLC0415 - likewise

        done = subprocess.run(
            [script, sys.executable, "-m", "pipeledger", *EVENT_WORDS, big, "--id", name],
            env=command.environment | changes, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr

    assert emit("direct") == (0, "")
    assert ledger.ids == ["direct"]
    status, said = emit("lost", **AWAY)
    assert status == 0
    assert said.count("\n") == 1
    assert "is lost: the spool cannot keep it" in said
    assert emit("lost", PIPELEDGER_STRICT="1", **AWAY)[0] == 1
    assert command.waiting() == []
    assert [one.name for one in (command.spool / "partial").iterdir()] == []


def test_a_full_spool_takes_no_more(command: Command) -> None:
    """The bound is on all that waits together."""
    changes = AWAY | {"PIPELEDGER_SPOOL_MB": "0"}
    assert "the spool has reached 0 MB" in command(*EVENT_WORDS, changes=changes).stderr
    assert command.waiting() == []


def test_what_waits_for_another_ledger_does_not_go_into_this_one(
    command: Command, ledger: Listening
) -> None:
    """Another token at another address is another ledger, until somebody says otherwise."""
    command(*EVENT_WORDS, "--id", "o", changes=AWAY | {"PIPELEDGER_TOKEN": "plt_other"})
    command(*EVENT_WORDS, "--id", "l", changes=AWAY | {"PIPELEDGER_LEDGER": "second"})
    assert "2 wait for another ledger" in command("spool", "flush").stderr
    assert ledger.ids == []
    command("spool", "flush", "--readdress")
    assert ledger.ids == ["o", "l"]


@pytest.mark.parametrize("form", ["folder", "tar", "zip"])
def test_a_carried_spool_is_taken_over_in_order(
    command: Command, ledger: Listening, tmp_path: Path, form: str
) -> None:
    """As a folder or a build artifact; importing it twice doubles nothing."""
    for number in range(4):
        command(*EVENT_WORDS, "--id", f"c{number}", changes=AWAY)
    carried = tmp_path / "carried"
    shutil.move(command.spool, carried / "spool")
    if form == "tar":
        with tarfile.open(tmp_path / "spool.tgz", "w:gz") as tar:
            tar.add(carried, "artifact")
        carried = tmp_path / "spool.tgz"
    elif form == "zip":
        with zipfile.ZipFile(tmp_path / "spool.zip", "w") as archive:
            for file in sorted(carried.rglob("*-*"), reverse=True):
                archive.write(file, file.relative_to(carried))
        carried = tmp_path / "spool.zip"
    assert command("spool", "import", carried).stdout.startswith("4 taken over, 0 were here")
    assert command("spool", "import", carried).stdout.startswith("0 taken over, 4 were here")
    command("spool", "flush")
    assert ledger.ids == [f"c{number}" for number in range(4)]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04junk", b"\x1f\x8bjunk"])
def test_what_is_no_spool_is_refused_in_one_line(
    command: Command, tmp_path: Path, content: bytes
) -> None:
    """Neither a folder nor an archive, or a damaged one."""
    file = tmp_path / "carried"
    file.write_bytes(content)
    assert command("spool", "import", file, status=1).stderr.count("\n") == 1
    command("spool", "import", tmp_path / "none", status=2)


def test_a_damaged_file_in_the_queue_holds_nothing_up(command: Command, ledger: Listening) -> None:
    """It is set aside; the others go."""
    command(*EVENT_WORDS, "--id", "s", changes=AWAY)
    (command.spool / "queue" / ("0" * 20 + "-x")).write_bytes(b'{"v":1}\nhello')
    assert command("spool", "flush").stdout == "1 sent, 1 refused, 0 still waiting\n"
    assert ledger.ids == ["s"]


def test_what_cannot_be_read_or_signed_holds_nothing_up(
    command: Command, ledger: Listening, tmp_path: Path
) -> None:
    """A folder that an older version made of an id, and what is no event though it is to be signed.

    In one line each they are set aside, with status 0.
    """
    queue = command.spool / "queue"
    (queue / ("0" * 20 + "-x")).mkdir(parents=True)
    (queue / ("1" * 20 + "-y")).write_bytes(b"".join(replace(_item("y"), sign=True).pieces()))
    key = Ed25519PrivateKey.generate()
    file = tmp_path / "key.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    ledger.written = ledger_of(1)
    changes = {"PIPELEDGER_KEY": str(file)}
    done = command("spool", "flush", changes=changes)
    assert done.stdout == "0 sent, 2 refused, 0 still waiting\n"
    assert "-x was refused: Is a directory" in done.stderr
    assert " was refused: what is to be signed is no event" in done.stderr
    done = command("spool", "flush", "--retry-refused", changes=changes)
    assert "-x stays refused: " in done.stderr
    command(*EVENT_WORDS, "--id", "s")
    assert ledger.ids == ["s"]


def test_a_word_that_is_no_text_is_refused_and_holds_nothing_up(
    command: Command, ledger: Listening
) -> None:
    """A service in Latin-1, as an argument or in what an older version kept."""
    (command.home / "junit.xml").write_text("<testsuites/>")
    latin = os.fsdecode(b"caf\xe9")
    done = command("record", "junit.xml", "--service", latin, status=2)
    assert done.stderr == "pipeledger: service caf?: no text in UTF-8\n"
    assert not command.waiting()
    kept = Item("report", "", "default", "r", "junit.xml", "application/octet-stream", b"x",
                {"service": latin})  # fmt: skip
    queue = command.spool / "queue"
    queue.mkdir(parents=True)
    (queue / ("0" * 20 + "-x")).write_bytes(b"".join(kept.pieces()))
    done = command(*EVENT_WORDS, "--id", "s")
    assert ledger.ids == ["s"]
    assert "no text, and cannot be sent" in command("spool", "status").stdout


def test_what_waits_is_looked_through_once_for_many(tmp_path: Path) -> None:
    """However many are taken over, and not once for each."""
    looked = []

    class Watched(Spool):
        def waiting(self) -> list[str]:
            looked.append(1)
            return super().waiting()

    spool = Watched(tmp_path, 10**6)
    names = list(spool.add_all(_item(str(number)) for number in range(20)))
    assert len(looked) < 5
    assert names == sorted(names) == spool.waiting()
    full = Spool(tmp_path, spool.size() + 400)
    with pytest.raises(SpoolError, match="has reached"):
        list(full.add_all(_item(str(number)) for number in range(20)))
    assert 20 < len(spool.waiting()) < 24


def test_a_failure_of_before_the_clock_was_set_back_keeps_nothing_waiting(
    command: Command, ledger: Listening
) -> None:
    """It spares others a try who wait for the same lock, and nobody else."""
    command(*EVENT_WORDS, "--id", "a", changes=AWAY)
    ahead = time.time() + 3600
    os.utime(command.spool / "away", (ahead, ahead))
    command(*EVENT_WORDS, "--id", "b")
    assert "b" in ledger.ids


def test_the_order_grows_when_the_clock_steps_back(tmp_path: Path) -> None:
    """Names are later than all that wait, whatever the clock says."""
    times = iter([50, 10, 10, 70])
    spool = Spool(tmp_path, 10**6, clock_ns=lambda: next(times))
    for name in "abcd":
        spool.add(_item(name))
    items = [spool.read(name) for name in spool.waiting()]
    assert [item.id for item in items if item is not None] == ["a", "b", "c", "d"]


def test_an_id_of_any_letters_waits_and_comes(command: Command, ledger: Listening) -> None:
    """Slashes lead nowhere, and ids that begin alike are two."""
    ids = ["build/42", "../../x", "a" * 40 + "1", "a" * 40 + "2"]
    for name in ids:
        command(*EVENT_WORDS, "--id", name, changes=AWAY)
    carried = command.home / "carried"
    shutil.move(command.spool, carried)
    assert command("spool", "import", carried).stdout.startswith("4 taken over, 0 were here")
    command("spool", "flush")
    assert ledger.ids == ids


def test_a_hostile_spool_writes_no_file_but_in_the_queue(command: Command, tmp_path: Path) -> None:
    """The id is what somebody else wrote."""
    victim = command.home / ".bashrc"
    victim.write_text("mine")
    queue = tmp_path / "carried" / "queue"
    queue.mkdir(parents=True)
    command(*EVENT_WORDS, changes=AWAY)  # the folders are there
    up = "/.." * 6
    pieces = _item(f"x{up}/.bashrc").pieces()
    (queue / ("0" * 20 + "-x")).write_bytes(b"".join(pieces))
    command("spool", "import", tmp_path / "carried")
    assert victim.read_text() == "mine"
    assert len(command.waiting()) == 2


def test_a_carried_item_is_sent_as_what_the_client_sends(command: Command, tmp_path: Path) -> None:
    """No other media type goes out under the importer's token."""
    queue = tmp_path / "carried" / "queue"
    queue.mkdir(parents=True)
    pieces = replace(_item("x"), content_type="application/x-other").pieces()
    (queue / ("0" * 20 + "-x")).write_bytes(b"".join(pieces))
    assert "not a file of the spool" in command("spool", "import", queue.parent, status=1).stderr


def test_a_queue_of_an_older_version_is_known_by_what_is_in_it(
    command: Command, tmp_path: Path
) -> None:
    """Its files are named by the first letters of their ids."""
    command(*EVENT_WORDS, "--id", "old", changes=AWAY)
    (name,) = command.waiting()
    file = command.spool / "queue" / name
    file.rename(file.with_name(f"{name.split('-')[0]}-old"))
    shutil.copytree(command.spool, tmp_path / "carried")
    command("spool", "import", tmp_path / "carried")
    assert len(command.waiting()) == 1


@given(st.lists(st.text("ab,", max_size=5)))
def test_parts_are_those_between_the_ends_however_the_pieces_come(pieces: list[str]) -> None:
    """Each with its end; and one that is too long ends it."""
    raw = "".join(pieces).encode()
    found = list(split((piece.encode() for piece in pieces), b",", 1000))
    assert found == raw.replace(b",", b",\n").splitlines(keepends=False)
    assert list(split(iter([b"a,", b"bb", b"bb", b"b,c"]), b",", 3)) == [b"a,", b"bbbb"]


def _item(identity: str) -> Item:
    return Item(EVENT, "", "default", identity, "", CONTENT_TYPE, b"{}")


def test_the_token_is_not_in_the_spool(command: Command) -> None:
    """A spool is carried around as an artifact."""
    command(*EVENT_WORDS, changes=AWAY)
    token = command.environment["PIPELEDGER_TOKEN"].encode()
    assert all(token not in one.read_bytes() for one in command.spool.rglob("*") if one.is_file())


def test_one_process_sends_at_a_time(tmp_path: Path) -> None:
    """The second one is told."""
    spool = Spool(tmp_path, 10**6)
    with (
        spool.draining(0),
        pytest.raises(SpoolError, match="another process"),
        Spool(tmp_path, 10**6).draining(0),
    ):
        pass


def test_a_ledger_that_comes_back_gets_everything(tmp_path: Path, command: Command) -> None:
    """The same address, closed and opened again."""
    with listening() as first:
        port = int(first.url.rsplit(":", 1)[1])
        here = {"PIPELEDGER_URL": first.url}
        command(*EVENT_WORDS, "--id", "1", changes=here)
    command(*EVENT_WORDS, "--id", "2", changes=here)
    with listening(port) as again:
        command(*EVENT_WORDS, "--id", "3", changes=here)
        assert again.ids == ["2", "3"]
    assert tmp_path.exists()
