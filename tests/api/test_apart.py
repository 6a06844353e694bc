"""The process that derives the past: what it answers, and what becomes of it and of who waits."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from psycopg import sql

from api.later import Later
from domain.errors import (
    DamageError,
    NotFoundError,
    PipeledgerError,
    RefusedError,
    UnavailableError,
)
from projections.answer import rows_of
from projections.apart.messages import (
    Begin,
    Follow,
    Make,
    failed,
    raised,
    read_asked,
    read_said,
    write,
)
from projections.apart.process import Apart
from projections.parameters import FIRST, LAST, Parameters
from projections.selection import Selection
from store.ledger.opening import schema_of
from tests.clusters import prepared
from tests.house.running import Printed
from tests.inside import administer
from tests.serving import BIN, deriving, event
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from api.served import Served
    from projections.apart.messages import Said
    from tests.api.homes import Home

DEPLOYMENTS = Selection("deployments", order=("finished_at", "deployment_key"))


@pytest.fixture
def apart(home: Home) -> Iterator[Apart]:
    """A process for the ledger of the test; it steps back behind nobody."""
    made = home.host.apart(0)
    yield made
    made.close()


@pytest.fixture
def there(home: Home, apart: Apart) -> Iterator[Served]:
    """The ledger, whose past the process derives."""
    told = [draft(number, body=json.dumps(event(number)).encode()) for number in range(10, 14)]
    home.here.ledger.submit(told).result(60)
    with_process = home.host.open(home.here.ledger.name, Later(lambda: apart))
    yield with_process
    with_process.close()


def following(apart: Apart, there: Served) -> Follow:
    """A request for the newest state."""
    published = there.ledger.published
    return Follow(
        apart.number(), there.ledger.name, published.size, published.root, published.checkpoint
    )


def asking(apart: Apart, there: Served) -> Future[Said]:
    """What will hold the answer to that."""
    return apart._process().ask(following(apart, there))


def ended(pid: int) -> bool:
    """Whether a process ends within a minute."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 60)[0])
    finally:
        os.close(descriptor)


def rows(served: Served) -> list[dict[str, Any]]:
    """The deployments of a ledger."""
    return rows_of(served.history.ask([DEPLOYMENTS], {}).tables["deployments"])


def test_it_answers_what_this_process_would(home: Home, there: Served) -> None:
    """Rows, proof, what the ledger was told, and what lies behind a position."""
    here = home.here
    asked = ([DEPLOYMENTS, Selection("dora")], {"window_to": datetime(2027, 1, 1, tzinfo=UTC)})
    one, other = (each.history.question(*asked) for each in (here, there))
    assert one.proof == other.proof
    assert here.history.answer(one).told() == there.history.answer(other).told()
    assert here.history.heard(one) == there.history.heard(other)
    sheets = here.history.sheets(one, [3, 4])
    assert sheets == there.history.sheets(other, [3, 4])
    assert sorted(sheets) == [3, 4]


def test_what_was_appended_since_is_answered(there: Served) -> None:
    """And what was known before is still told as it was."""
    before = rows(there)
    position = there.ledger.published.size
    told = draft(20, body=json.dumps(event(20)).encode())
    there.ledger.submit([told]).result(60)
    assert len(rows(there)) == len(before) + 1
    old = there.history.ask([DEPLOYMENTS], {}, str(position))
    assert rows_of(old.tables["deployments"]) == before
    assert old.proof.root == there.ledger.reader.root(position).hex()


def test_it_starts_when_somebody_asks_and_anew_when_it_was_killed(
    apart: Apart, there: Served
) -> None:
    """A question that was settled before is answered by the next one as well."""
    assert apart.pid is None
    question = there.history.question([DEPLOYMENTS], {})
    first = apart.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert ended(first)
    there.ledger.submit([draft(21, body=json.dumps(event(21)).encode())]).result(60)
    found = there.history.answer(question).tables["deployments"]
    assert found.num_rows == len(rows(there)) - 1
    assert apart.pid not in {None, first}


def test_who_waits_when_it_dies_is_told_to_ask_again(apart: Apart, there: Served) -> None:
    """And nobody waits for ever."""
    rows(there)
    running = apart._process()
    os.kill(running.process.pid, signal.SIGSTOP)
    future = asking(apart, there)
    os.kill(running.process.pid, signal.SIGKILL)
    with pytest.raises(UnavailableError, match="ended; ask again"):
        future.result(60)
    with pytest.raises(UnavailableError, match="ended; ask again"):
        running.ask(following(apart, there))
    assert rows(there)


@pytest.mark.parametrize("what", ["noise", "another", "a-lie"])
def test_one_that_says_what_is_no_answer_is_not_kept_and_nobody_waits_for_ever(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It broke, or was taken over."""
    monkeypatch.setattr("projections.apart.process._MODULE", "tests.api.babbling")
    apart = Apart(Begin("", (), 0))
    try:
        running = apart._process()
        with pytest.raises(UnavailableError, match="ended; ask again"):
            running.ask(Follow(1, what, 1, b"", b"")).result(60)
        assert ended(running.process.pid)
        assert apart.pid is None
    finally:
        apart.close()


def test_nobody_waits_for_an_answer_that_there_is_no_memory_for(
    apart: Apart, there: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is started anew, and the next question is answered."""
    assert rows(there)
    first = apart.pid

    def short(raw: bytes) -> None:
        raise MemoryError(len(raw))

    with monkeypatch.context() as now:
        now.setattr("projections.apart.process.read_said", short)
        # Whoever reads is in the middle of it already.
        there.history.newest()
        with pytest.raises(UnavailableError, match="ended; ask again"):
            asking(apart, there).result(20)
    assert rows(there)
    assert apart.pid != first


def test_an_altered_ledger_is_named_by_its_position(home: Home, there: Served) -> None:
    """As it is by this process."""
    name = there.ledger.name
    entries = sql.Identifier(schema_of(name), "entries")
    with home.host.database.connect() as connection:
        connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(entries))
        connection.execute(
            sql.SQL("UPDATE {} SET entry = entry || ' ' WHERE pos = 4").format(entries)
        )
    for each in (home.here, there):
        with pytest.raises(DamageError) as caught:
            rows(each)
        assert caught.value.position == 4


def test_a_closed_one_is_not_started_again(apart: Apart, there: Served) -> None:
    """Who asks a server that ends is told so."""
    rows(there)
    pid = apart.pid
    assert pid is not None
    apart.close()
    assert ended(pid)
    with pytest.raises(UnavailableError, match="the server is ending"):
        rows(there)


def test_one_that_cannot_be_started_is_said(
    apart: Apart, there: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the words of the system, and the next question tries again."""
    with monkeypatch.context() as patch:
        patch.setattr("sys.executable", "/nowhere/python")
        with pytest.raises(UnavailableError, match="cannot be started: No such file"):
            rows(there)
    assert rows(there)
    assert apart.pid is not None


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("the disk at /secret", "the disk"), UnavailableError("away"),
        DamageError(7, "the leaf differs"), DamageError(None, "no entry"),
        RefusedError("query at", "no instant"), NotFoundError("no such thing"),
    ],
    ids=repr,
)  # fmt: skip
def test_an_error_comes_through_as_it_was(error: PipeledgerError) -> None:
    """With everything that a caller reads of it."""
    said = read_said(write(failed(3, error)))
    again = raised(said)
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_a_fault_comes_through_as_one() -> None:
    """It is no error that a caller can act on."""
    again = raised(failed(3, ZeroDivisionError("by zero")))
    assert type(again) is RuntimeError
    assert str(again) == "ZeroDivisionError: by zero"


def test_parameters_and_selections_come_through_as_they_were() -> None:
    """The first and the last instant too, and one with microseconds."""
    parameters = Parameters(
        known_at=7, window_from=FIRST, window_to=LAST,
        at=datetime(2026, 3, 1, 2, 3, 4, 567_891, tzinfo=UTC) + timedelta(days=1),
        tz="Europe/Berlin", controls='{"a":1}', stale_after_s=None,
    )  # fmt: skip
    selections = (
        DEPLOYMENTS, Selection("environments", holding=("a", "b"), limit=3, offset=2),
        Selection("x", equals={"a": "b"}, contains={"c": "d"}, during="e"),
    )  # fmt: skip
    asked = Make(1, "default", 9, b"r", b"note", (9, 0), parameters, selections)
    assert read_asked(write(asked)) == asked


def test_it_knows_none_of_the_servers_settings_and_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither by its environment nor by its arguments; what libpq reads it has."""
    monkeypatch.setenv("PIPELEDGER_TOKEN", "plt_secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("PGAPPNAME", "known")
    apart = Apart(Begin("postgresql://u:password@db.example/x", (), 5))
    try:
        pid = apart._process().process.pid
        place = Path(f"/proc/{pid}")
        told = (place / "environ").read_bytes() + (place / "cmdline").read_bytes()
    finally:
        apart.close()
    assert b"secret" not in told
    assert b"password" not in told
    assert b"PGAPPNAME=known" in told


@pytest.mark.long
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM], ids=str)
def test_it_steps_back_and_ends_with_the_server_however_that_ends(
    ending: int, tmp_path: Path
) -> None:
    """Also where nobody can tell it to."""
    data = prepared(tmp_path / "data")
    command = [str(BIN / "pipeledger-server"), "serve", "--data", str(data), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=os.environ | {"PIPELEDGER_ANSWERS_NICENESS": "7"},
    ) as server:  # fmt: skip
        printed = Printed(server)
        url, token = printed.word(r"listening on (\S+)"), printed.export("PIPELEDGER_TOKEN")
        headers = {"Authorization": f"Bearer {token}"}
        httpx.get(f"{url}/v1/default/deployments", headers=headers, timeout=60).raise_for_status()
        pid = deriving(server.pid)
        assert os.getpriority(os.PRIO_PROCESS, pid) == 7
        server.send_signal(ending)
        assert ended(pid)
    # Whoever comes next ends the database that a killed server left.
    administer("token", "list", "--data", data)
