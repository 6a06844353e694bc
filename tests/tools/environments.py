"""Tools of other people, each in an environment of its own, pinned with hashes by its own file.

`python -m tests.tools.environments` makes all of them ahead (`make tools`); a test makes the one it
needs. They lie in the cache folder and are made anew when their file changes.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
NAMES: Final = tuple(sorted(one.stem for one in HERE.glob("*.in")))
READERS: Final = ("compliance-trestle", "pyspark", "schemathesis", "sigstore", "tlog-scales")
"""Those that read what is exported or answered; the others write what is recorded."""
_LIMIT_S: Final = 600


@dataclass(frozen=True)
class Tool:
    """A tool that can be run.

    Attributes:
        name: as its file is called.
        programs: folder of its commands.
    """

    name: str
    programs: Path

    @property
    def version(self) -> str:
        """As its file pins it."""
        for line in (HERE / f"{self.name}.txt").read_text().splitlines():
            name, equals, rest = line.partition("==")
            if equals and name == self.name:
                return rest.split()[0]
        raise AssertionError(f"{self.name}.txt does not pin {self.name}")

    def run(self, command: str, *words: str | Path, at: Path, status: int = 0) -> str:
        """Run one of its commands; what it prints.

        Args:
            command: its name.
            words: its arguments.
            at: where it runs, and its home.
            status: what it must end with.
        """
        done = subprocess.run(
            [self.programs / command, *words],
            cwd=at,
            env={"PATH": f"{self.programs}:/usr/bin:/bin", "HOME": str(at), "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
        said = f"{self.name}: {command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        assert done.returncode == status, said
        return done.stdout


def prepare(name: str) -> Tool:
    """A tool, made if it is not there.

    Raises:
        AssertionError: it cannot be had; its name is said.
    """
    pinned = HERE / f"{name}.txt"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pipeledger-tools"
    digest = hashlib.sha256(pinned.read_bytes()).hexdigest()
    folder = cache / f"{name}-{digest[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    # Tests run beside each other, and one environment is enough.
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            venv.create(folder, with_pip=True)
            _install(name, pinned, folder)
            (folder / "ready").touch()
    return Tool(name, folder / "bin")


def _install(name: str, pinned: Path, folder: Path) -> None:
    done = subprocess.run(
        [folder / "bin" / "pip", "install", "--quiet", "--require-hashes", "-r", pinned],
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{name} is missing and cannot be installed: {done.stderr[-500:]}"


if __name__ == "__main__":
    for one in NAMES:
        prepare(one)
