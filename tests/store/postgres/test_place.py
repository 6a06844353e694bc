"""Where the embedded server lies, and whose files it touches."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from domain.errors import SettingError
from store.postgres import binaries, cluster
from store.postgres.account import service_account
from store.postgres.binaries import binaries_in, bundled_binaries, relocate
from store.postgres.place import Place, find_place
from store.postgres.server import EmbeddedPostgres

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.postgres.account import Account

    Ask = Callable[[EmbeddedPostgres, str], str]

ROOT = Path(cluster.__file__).parents[2]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops privileges")


def modes(*paths: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode and owner of each path and of all its parents."""
    found = {}
    for one in {each for path in paths for each in (path, *path.parents)}:
        status = one.stat()
        found[one] = (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
    return found


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A folder that only this account may enter."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    return folder


def bundle_below(folder: Path) -> Path:
    """A copy of the bundled programs below a folder, as in a clone that lies there."""
    bundled = bundled_binaries()
    target = folder / "site-packages"
    shutil.copytree(bundled.folder.parent, target / "package" / "pginstall", dirs_exist_ok=True)
    libraries = bundled.folder.parents[2] / f"{bundled.folder.parents[1].name}.libs"
    shutil.copytree(libraries, target / f"{bundled.folder.parents[1].name}.libs")
    (target / "package").rename(target / bundled.folder.parents[1].name)
    return target / bundled.folder.parents[1].name / "pginstall" / "bin"


@as_root
def test_data_and_programs_in_a_closed_folder_of_root_work(
    closed: Path, reachable: Path, ask: Ask, account: Account
) -> None:
    """Nothing is opened for the account: its files lie in a folder of their own."""
    home = reachable / "home-closed"
    programs = bundle_below(closed)
    watched = modes(closed, Path(sys.prefix), Path("/var/lib"), reachable)
    data = closed / "data"
    with EmbeddedPostgres.start(data, binaries=programs, home=home) as server:
        assert ask(server, "SELECT 1") == "1"
        assert server.folder.is_relative_to(home)
        assert (data / "postgres").read_text() == f"{server.folder}\n"
        running = Path(f"/proc/{server.pid}/exe").resolve()
        assert running.is_relative_to(server.folder)
        assert Path(f"/proc/{server.pid}").stat().st_uid == account.uid
        ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    with EmbeddedPostgres.start(data, binaries=programs, home=home) as again:
        assert ask(again, "SELECT n FROM kept") == "7"
    assert modes(closed, Path(sys.prefix), Path("/var/lib"), reachable) == watched


@as_root
def test_programs_are_not_copied_below_a_name_that_a_shell_takes_apart(
    closed: Path, reachable: Path, ask: Ask
) -> None:
    """They lie in a folder of their own, as where the account cannot enter the data folder."""
    home = reachable / "home-odd"
    programs = bundle_below(closed)
    data = reachable / 'of "all" $(kinds)'
    with EmbeddedPostgres.start(data, binaries=programs, home=home) as server:
        assert ask(server, "SELECT 1") == "1"
        assert server.folder.is_relative_to(home)


@as_root
def test_the_account_can_write_nothing_but_its_cluster(
    closed: Path, reachable: Path, account: Account
) -> None:
    """Programs, password, log and folders stay root's."""
    home = reachable / "home-owned"
    programs = bundle_below(closed)
    with EmbeddedPostgres.start(closed / "data", binaries=programs, home=home) as server:
        own = (server.folder / "cluster", server.folder / "s")
        for path in (server.folder, *server.folder.rglob("*")):
            if any(path.is_relative_to(one) for one in own):
                continue
            status = path.lstat()
            assert status.st_uid == 0, path
            assert not status.st_mode & 0o022, path
        assert all(path.stat().st_uid == account.uid for path in own)


@as_root
def test_data_that_the_account_reaches_stays_in_the_data_folder(
    data: Path, reachable: Path, ask: Ask
) -> None:
    """Where nothing is in the way, no second place is used, and no mode changes."""
    watched = modes(reachable, Path(sys.prefix))
    with EmbeddedPostgres.start(data, home=reachable / "unused") as server:
        assert server.folder == data / "postgres"
        assert ask(server, "SELECT 1") == "1"
    assert modes(reachable, Path(sys.prefix)) == watched
    assert not (reachable / "unused").exists()


@as_root
@pytest.mark.parametrize("mode", [0o700, 0o777])
def test_a_home_that_is_unsafe_or_closed_is_not_used(
    closed: Path, reachable: Path, account: Account, mode: int
) -> None:
    """The files then lie in a temporary folder of mode 0711, and a warning says so."""
    home = reachable / f"home-{mode:o}"
    home.mkdir()
    home.chmod(mode)
    place = find_place(closed / "data", account, home)
    try:
        assert place.temporary
        assert not place.folder.is_relative_to(home)
        assert stat.S_IMODE(place.folder.stat().st_mode) == 0o711
        assert find_place(closed / "data", account, home) == place
    finally:
        place.folder.rmdir()


def test_a_lost_cluster_folder_is_no_reason_for_an_empty_one(
    tmp_path: Path, reachable: Path
) -> None:
    """Where the named folder is gone the start stops instead of starting anew."""
    (tmp_path / "postgres").write_text("/nowhere/at/all\n")
    with pytest.raises(SettingError, match="is not there"):
        EmbeddedPostgres.start(tmp_path, home=reachable)


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file where the folder should be stops the start with one line."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(SettingError, match="cannot be made"):
        EmbeddedPostgres.start(tmp_path / "file" / "data")


@as_root
def test_an_ordinary_user_runs_everything_below_the_data_folder(
    reachable: Path, account: Account
) -> None:
    """Without root the server runs as the user, and all its files lie in the data folder."""
    own = reachable / "ordinary"
    own.mkdir()
    os.chown(own, account.uid, account.gid)
    programs = relocate(bundled_binaries(), reachable)
    script = (
        "import os, stat, sys; from pathlib import Path\n"
        "import psycopg\n"
        "from store.postgres.server import EmbeddedPostgres\n"
        "os.setgroups([]); os.setgid(int(sys.argv[3])); os.setuid(int(sys.argv[2]))\n"
        "data = Path(sys.argv[1]) / 'data'\n"
        "for turn in range(2):\n"
        "    with EmbeddedPostgres.start(data, binaries=Path(sys.argv[4])) as server:\n"
        "        assert psycopg.connect(server.conninfo).execute('SELECT 1').fetchone() == (1,)\n"
        "        assert server.folder == data / 'postgres'\n"
        "        assert stat.S_IMODE(data.stat().st_mode) == 0o700\n"
        "        assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700\n"
        "print('sound')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, own, str(account.uid), str(account.gid), programs.folder],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.stdout == "sound\n", done.stderr
    assert {path.lstat().st_uid for path in (own, *own.rglob("*"))} == {account.uid}


@as_root
def test_a_cluster_of_another_account_is_refused_by_an_ordinary_user(
    data: Path, account: Account
) -> None:
    """The message says whose it is."""
    with EmbeddedPostgres.start(data):
        pass
    script = (
        "import os, sys; from pathlib import Path\n"
        "from domain.errors import SettingError\n"
        "from store.postgres.server import EmbeddedPostgres\n"
        "os.setgroups([]); os.setgid(2); os.setuid(2)\n"
        "try:\n"
        "    EmbeddedPostgres.start(Path(sys.argv[1]))\n"
        "except SettingError as error:\n"
        "    print(error)\n"
    )
    for path, owner in ((data, 2), (data / "postgres.lock", 2), (data / "postgres.users", 2)):
        os.chown(path, owner, owner)
    done = subprocess.run(
        [sys.executable, "-c", script, data], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert f"uid {account.uid}" in done.stdout


@as_root
def test_the_owner_of_a_cluster_runs_it_whatever_the_setting_says_now(data: Path, ask: Ask) -> None:
    """Changing PIPELEDGER_PG_USER later does not lock the database away."""
    with EmbeddedPostgres.start(data, environment={"PIPELEDGER_PG_USER": "daemon"}) as first:
        uid = (first.folder / "cluster").stat().st_uid
        assert ask(first, "SELECT 1") == "1"
    with EmbeddedPostgres.start(data, environment={}) as second:
        assert Path(f"/proc/{second.pid}").stat().st_uid == uid
        assert ask(second, "SELECT 1") == "1"


@as_root
@pytest.mark.parametrize("name", ["root", "nobody-of-that-name", ""])
def test_an_account_that_cannot_run_it_is_refused(name: str) -> None:
    """Root, and an account that is not there, are wrong settings."""
    with pytest.raises(SettingError, match="PIPELEDGER_PG_USER"):
        service_account({"PIPELEDGER_PG_USER": name})


def test_the_bundled_programs_are_found_without_importing_their_package() -> None:
    """The newest version is chosen unless one is asked for, and nothing of it runs here."""
    newest = bundled_binaries()
    assert newest.major >= 18
    assert newest.postgres.is_file()
    assert bundled_binaries(newest.major) == newest
    assert not [name for name in sys.modules if name.startswith("pixeltable")]
    with pytest.raises(SettingError, match="not 11"):
        bundled_binaries(11)


def test_a_folder_without_programs_is_refused(tmp_path: Path) -> None:
    """The message names the folder."""
    with pytest.raises(SettingError, match=str(tmp_path)):
        binaries_in(tmp_path)


def test_a_copy_of_the_programs_is_made_once(reachable: Path) -> None:
    """A second relocation finds the first; both run."""
    home = reachable / "copies"
    home.mkdir()
    first = relocate(bundled_binaries(), home)
    made = first.postgres.stat().st_ino
    second = relocate(bundled_binaries(), home)
    assert second == first
    assert second.postgres.stat().st_ino == made
    assert second.runs_as(None)
    assert [path.name for path in home.iterdir()] == [f"postgresql-{first.version}"]


def test_the_wheel_missing_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the wheel one line says: install it, or give an address."""
    monkeypatch.setattr(binaries, "WHEEL", "no-such-package-here")
    with pytest.raises(SettingError, match="install it, or give a database address"):
        bundled_binaries()


def test_a_place_names_its_files(tmp_path: Path) -> None:
    """Cluster, password and log lie side by side."""
    place = Place(tmp_path, temporary=True)
    assert {place.cluster, place.password, place.log} == {
        tmp_path / name for name in ("cluster", "password", "log")
    }
