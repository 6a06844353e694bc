"""The embedded server's life: start, adopt, survive kills, stop.

One life from start to end, so it is long.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from domain.errors import SettingError, UnavailableError
from store.files import make_folder
from store.postgres import cluster
from store.postgres.database import Database
from store.postgres.place import Place
from store.postgres.server import EmbeddedPostgres
from tests.clusters import prepared

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.postgres.account import Account

    Ask = Callable[[EmbeddedPostgres, str], str]
    Eventually = Callable[[Callable[[], bool]], None]

ROOT = Path(cluster.__file__).parents[2]


def runs(server: EmbeddedPostgres) -> bool:
    """Whether a server runs on this one's cluster."""
    return cluster.running(Place(server.folder, temporary=True)) is not None


def starter(data: Path) -> subprocess.Popen[str]:
    """Another process that starts the server, says its pid, and stays until told."""
    script = (
        "import sys; from pathlib import Path\n"
        "from store.postgres.server import EmbeddedPostgres\n"
        "server = EmbeddedPostgres.start(Path(sys.argv[1]))\n"
        "print(server.pid, flush=True); sys.stdin.read(); server.stop()\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", script, data],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def said_pid(process: subprocess.Popen[str]) -> int:
    """The server's pid as that process says it."""
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_a_server_keeps_its_data_from_start_to_start(data: Path, ask: Ask) -> None:
    """What was committed before a clean stop is there after the next start."""
    prepared(data)
    with EmbeddedPostgres.start(data) as server:
        assert not server.adopted
        ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    assert not runs(server)
    with EmbeddedPostgres.start(data) as again:
        assert ask(again, "SELECT n FROM kept") == "7"


def test_only_the_socket_is_open_and_only_with_the_password(
    data: Path, ask: Ask, account: Account
) -> None:
    """No TCP, no trust; the password file, the socket's folder and the cluster are private."""
    with EmbeddedPostgres.start(data) as server:
        assert ask(server, "SHOW listen_addresses") == ""
        assert ask(
            server, "SELECT rolpassword FROM pg_authid WHERE rolname='pipeledger'"
        ).startswith("SCRAM-SHA-256$")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.conninfo, password="guess")
        folder = server.folder
        for path, mode in ((folder / "password", 0o600), (folder / "cluster", 0o700)):
            assert stat.S_IMODE(path.stat().st_mode) == mode
        assert (folder / "cluster").stat().st_uid == account.uid
        assert ask(server, "SHOW unix_socket_directories") == str(folder / "s")
        assert stat.S_IMODE((folder / "s").stat().st_mode) == 0o700


def test_the_settings_a_ledger_depends_on_hold(data: Path, ask: Ask) -> None:
    """Durability is on and cannot be switched off in the cluster's own files."""
    prepared(data)
    with EmbeddedPostgres.start(data) as server:
        ask(server, "ALTER SYSTEM SET fsync = off")
        ask(server, "SELECT pg_reload_conf()")
        for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
            assert ask(server, f"SHOW {name}") == "on", name
        assert ask(server, "SHOW jit") == "off"
        assert ask(server, "SHOW server_encoding") == "UTF8"
        with Database(server.conninfo) as database:
            database.prepare()


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_a_server_that_may_lose_commits_is_refused(data: Path, name: str) -> None:
    """The start stops with one line that names the setting."""
    with (
        EmbeddedPostgres.start(prepared(data), settings={name: "off"}) as server,
        Database(server.conninfo) as database,
        pytest.raises(SettingError, match=f"{name} off"),
    ):
        database.prepare()


@pytest.mark.long
def test_a_running_server_is_adopted_and_the_last_one_stops_it(data: Path, ask: Ask) -> None:
    """A command on the data of a running server neither starts nor stops it."""
    prepared(data)
    with EmbeddedPostgres.start(data) as first:
        with EmbeddedPostgres.start(data) as second:
            assert second.adopted
            assert second.pid == first.pid
        assert ask(first, "SELECT 1") == "1"
        third = EmbeddedPostgres.start(data)
    assert ask(third, "SELECT 1") == "1"
    third.stop()
    third.stop()
    assert not runs(third)


@pytest.mark.long
def test_a_server_whose_starter_was_killed_is_adopted(data: Path, ask: Ask) -> None:
    """After SIGKILL of the starting process the next start takes its server over."""
    prepared(data)
    with starter(data) as process:
        pid = said_pid(process)
        process.kill()
    with EmbeddedPostgres.start(data) as server:
        assert server.adopted
        assert server.pid == pid
        assert ask(server, "SELECT 1") == "1"
    assert not runs(server)


@pytest.mark.long
def test_two_processes_that_start_at_once_share_one_server(data: Path) -> None:
    """Starters do not race: one starts, the other adopts, the last to leave stops."""
    with starter(data) as one, starter(data) as two:
        assert said_pid(one) == said_pid(two)
    assert one.returncode == two.returncode == 0


@pytest.mark.long
def test_many_threads_that_start_at_once_share_one_server(data: Path) -> None:
    """Exactly one start makes the cluster."""
    with ThreadPoolExecutor(4) as pool:
        servers = list(pool.map(lambda _: EmbeddedPostgres.start(data), range(4)))
    assert sorted(server.adopted for server in servers) == [False, True, True, True]
    assert len({server.pid for server in servers}) == 1
    for server in servers:
        assert runs(server)
        server.stop()
    assert not runs(servers[0])


@pytest.mark.long
def test_a_killed_server_is_started_again_with_everything_committed(
    data: Path, ask: Ask, eventually: Eventually
) -> None:
    """SIGKILL of the postmaster costs connections, never a commit; the address stays."""
    prepared(data)
    with EmbeddedPostgres.start(data) as server:
        address = server.conninfo
        ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
        os.kill(server.pid, signal.SIGKILL)
        eventually(lambda: server.restarts == 1)
        assert server.conninfo == address
        assert ask(server, "SELECT n FROM kept") == "7"
    assert not runs(server)


@pytest.mark.long
def test_a_killed_backend_costs_one_session(data: Path, eventually: Eventually) -> None:
    """After SIGKILL of a backend the pool gives a working connection again."""
    prepared(data)
    with EmbeddedPostgres.start(data) as server, Database(server.conninfo) as database:
        with database.session() as connection:
            pid = connection.info.backend_pid
        os.kill(pid, signal.SIGKILL)

        def answers() -> bool:
            try:
                with database.session() as session:
                    return session.execute("SELECT 1").fetchone() == (1,)
            except (UnavailableError, psycopg.OperationalError):
                return False

        eventually(answers)
        assert server.restarts == 0


@pytest.mark.long
def test_a_start_waits_for_backends_that_outlived_their_server(
    data: Path, ask: Ask, eventually: Eventually
) -> None:
    """Shared memory of a killed server is not taken from its last backends."""
    prepared(data)
    with starter(data) as process:
        pid = said_pid(process)
        process.kill()
    first = EmbeddedPostgres.start(data)
    folder = first.folder
    with psycopg.connect(first.conninfo, autocommit=True) as connection:
        backend = connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: "pre-existing shared memory" in (folder / "log").read_text())
        os.kill(backend, signal.SIGCONT)
        eventually(lambda: first.restarts == 1)
    assert ask(first, "SELECT 1") == "1"
    first.stop()


def test_a_left_over_pid_of_a_stranger_does_not_block_the_start(
    data: Path, ask: Ask, account: Account
) -> None:
    """After a crash the number in postmaster.pid may belong to anybody."""
    prepared(data)
    with starter(prepared(data)) as process:
        pid = said_pid(process)
        process.kill()
    os.kill(pid, signal.SIGKILL)
    other = (account.uid, account.gid) if os.geteuid() == 0 else (None, None)
    with subprocess.Popen(["sleep", "600"], user=other[0], group=other[1]) as stranger:
        folder = (
            Path((data / "postgres").read_text().strip())
            if (data / "postgres").is_file()
            else data / "postgres"
        )
        path = folder / "cluster" / "postmaster.pid"
        path.write_text(path.read_text().replace(str(pid), str(stranger.pid), 1))
        try:
            with EmbeddedPostgres.start(data) as server:
                assert not server.adopted
                assert ask(server, "SELECT 1") == "1"
        finally:
            stranger.kill()


def test_a_wrong_password_file_stops_the_start(data: Path) -> None:
    """One line names the file; no server stays behind."""
    with EmbeddedPostgres.start(prepared(data)) as server:
        pass
    (server.folder / "password").write_text("guess")
    with pytest.raises(SettingError, match="password"):
        EmbeddedPostgres.start(data)
    assert not runs(server)
    (server.folder / "password").unlink()
    with pytest.raises(SettingError, match="cannot be read"):
        EmbeddedPostgres.start(data)
    assert not runs(server)


def test_a_server_that_dies_while_starting_says_why_at_once(data: Path) -> None:
    """The message holds the last lines of the server's log."""
    with pytest.raises(UnavailableError, match="shared_buffers"):
        EmbeddedPostgres.start(prepared(data), settings={"shared_buffers": "plenty"})


def test_a_server_without_a_connection_left_says_so_and_is_not_waited_for(data: Path) -> None:
    """Neither as one that recovers, nor as one that does not answer."""
    few = {"max_connections": "4", "superuser_reserved_connections": "0", "max_wal_senders": "0"}
    with (
        EmbeddedPostgres.start(prepared(data), settings=few) as server,
        contextlib.ExitStack() as opened,
        Database(server.conninfo) as database,
    ):
        for _ in range(4):
            opened.enter_context(database.connect())
        with pytest.raises(UnavailableError, match="no connection left; raise its max_conn") as one:
            database.connect()
        assert one.value.public == "the database has no connection left"
        with pytest.raises(UnavailableError, match="no connection left"):
            EmbeddedPostgres.start(data)


def test_a_cluster_of_another_major_version_names_the_way_over(
    data: Path, account: Account
) -> None:
    """The advice is export with the former version, import with this one."""
    folder = data / "postgres" / "cluster"
    for path in (data, data / "postgres", folder):
        make_folder(path, 0o755)
    (folder / "PG_VERSION").write_text("12\n")
    if os.geteuid() == 0:
        os.chown(folder, account.uid, account.gid)
    with pytest.raises(SettingError, match=r"PostgreSQL 12.*export\s+ledger.*import\s+ledger"):
        EmbeddedPostgres.start(data)


def test_a_folder_that_is_no_cluster_is_not_touched(data: Path, account: Account) -> None:
    """Something else in the cluster's place stops the start."""
    folder = data / "postgres" / "cluster"
    for path in (data, data / "postgres", folder):
        make_folder(path, 0o755)
    (folder / "thesis.txt").write_text("x")
    if os.geteuid() == 0:
        os.chown(folder, account.uid, account.gid)
    with pytest.raises(SettingError, match="no PostgreSQL cluster"):
        EmbeddedPostgres.start(data)
    assert [file.name for file in folder.iterdir()] == ["thesis.txt"]


@pytest.mark.long
def test_a_start_killed_inside_initdb_is_taken_up(data: Path, ask: Ask) -> None:
    """A cluster half made is made afresh."""
    make_folder(data, 0o711)
    make_folder(data / "postgres", 0o711)
    half = data / "postgres" / "cluster.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    (data / "postgres" / "password.new").write_text("half")
    with EmbeddedPostgres.start(data) as server:
        assert ask(server, "SELECT 1") == "1"
    assert not half.exists()


def test_a_long_path_gets_a_short_private_socket_folder(data: Path, ask: Ask) -> None:
    """A Unix socket's path is limited; the socket then lies elsewhere, as private."""
    deep = data
    for _ in range(4):
        make_folder(deep, 0o711)
        deep = deep / ("x" * 30)
    with EmbeddedPostgres.start(prepared(deep)) as server:
        sockets = Path(ask(server, "SHOW unix_socket_directories"))
        assert not sockets.is_relative_to(data)
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        with EmbeddedPostgres.start(deep) as second:
            assert ask(second, "SELECT 1") == "1"
    assert not sockets.exists()


def test_what_a_server_s_account_names_its_socket_folder_is_not_emptied(data: Path) -> None:
    """Nothing is removed from it but the socket and its lock, whosever folder it is."""
    deep = data / ("x" * 60)
    make_folder(data, 0o711)
    make_folder(deep, 0o711)
    with EmbeddedPostgres.start(prepared(deep / ("x" * 60))) as server:
        sockets = Path(str(conninfo_to_dict(server.conninfo)["host"]))
        assert not sockets.is_relative_to(data)
        (sockets / "of-somebody-else").touch()
    assert [one.name for one in sockets.iterdir()] == ["of-somebody-else"]
    shutil.rmtree(sockets)


def test_a_path_with_odd_characters_works(reachable: Path, ask: Ask) -> None:
    """Spaces, commas, quotes and other letters in the data folder's path are no matter."""
    for number, name in enumerate(("dä ta, 'of' all %s", 'of "all" $HOME', "`a` \\b")):
        home = reachable / f"home-{number}"
        with EmbeddedPostgres.start(reachable / name, home=home) as server:
            assert ask(server, "SELECT 1") == "1"
    with pytest.raises(SettingError, match="line feed"):
        EmbeddedPostgres.start(reachable / "two\nlines")


@pytest.mark.long
def test_a_server_that_was_shutting_down_is_started_again(data: Path, ask: Ask) -> None:
    """A start that meets a server on its way out waits for its end and starts its own."""
    prepared(data)
    with starter(data) as process:
        pid = said_pid(process)
        process.kill()
    os.kill(pid, signal.SIGINT)
    with EmbeddedPostgres.start(data) as server:
        assert server.pid != pid
        assert ask(server, "SELECT 1") == "1"


@pytest.mark.long
def test_a_start_waits_as_long_as_recovery_takes(data: Path, ask: Ask, account: Account) -> None:
    """Recovery that takes longer than any patience for a start is waited for."""
    prepared(data)
    with EmbeddedPostgres.start(data) as server:
        ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    signal_file = server.folder / "cluster" / "recovery.signal"
    signal_file.touch()
    if os.geteuid() == 0:
        os.chown(signal_file, account.uid, account.gid)
    slow = {"restore_command": "sleep 3; exit 1"}
    with EmbeddedPostgres.start(data, settings=slow) as again:
        assert ask(again, "SELECT n FROM kept") == "7"


@pytest.mark.long
def test_twenty_kills_under_load_lose_no_commit(
    data: Path, ask: Ask, eventually: Eventually
) -> None:
    """Every commit a client saw is there after twenty SIGKILLs of the postmaster."""
    with EmbeddedPostgres.start(data) as server, Database(server.conninfo) as database:
        ask(server, "CREATE TABLE kept (n bigint PRIMARY KEY)")
        seen: list[int] = []
        over = threading.Event()

        def write(first: int) -> None:
            number = first
            while not over.is_set():
                number += 16
                try:
                    with database.session() as session:
                        session.execute("INSERT INTO public.kept VALUES (%s)", (number,))
                except (UnavailableError, psycopg.Error):
                    continue
                seen.append(number)

        with ThreadPoolExecutor(16) as pool:
            writers = [pool.submit(write, first) for first in range(16)]
            for kill in range(20):
                before = len(seen)
                eventually(lambda before=before: len(seen) > before + 50)  # type: ignore[misc]  # mypy cannot infer a lambda's default
                os.kill(server.pid, signal.SIGKILL)
                eventually(lambda kill=kill: server.restarts == kill + 1)  # type: ignore[misc]  # likewise
            over.set()
            for writer in writers:
                writer.result()
        with database.session() as session:
            kept = {row[0] for row in session.execute("SELECT n FROM public.kept")}
    assert len(seen) == len(set(seen))
    assert set(seen) <= kept
