"""Git repositories made for a test, the same every time."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ANNA, BEN = ("Anna Ek", "anna@example.org"), ("Ben Ode", "ben@example.org")


class Gitted:
    """A repository whose clock goes on by a minute with each commit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._minutes = 0
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(
        self, *words: str, author: tuple[str, str] = ANNA, zone: str = "+0200", stdin: bytes = b""
    ) -> str:
        """Run git; what it printed."""
        at = f"{1_700_000_000 + 60 * self._minutes} {zone}"
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": author[0], "GIT_AUTHOR_EMAIL": author[1], "GIT_AUTHOR_DATE": at,
            "GIT_COMMITTER_NAME": BEN[0], "GIT_COMMITTER_EMAIL": BEN[1], "GIT_COMMITTER_DATE": at,
        }  # fmt: skip
        done = subprocess.run(
            ["git", *words],
            cwd=self.folder,
            env=environment,
            input=stdin,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode("utf-8", "replace").strip()

    def commit(
        self, message: str, *files: str, author: tuple[str, str] = ANNA, zone: str = "+0200"
    ) -> str:
        """Change files and commit; the object id."""
        self._minutes += 1
        for name in files:
            with (self.folder / name).open("a") as file:
                file.write(f"{message.splitlines()[0]}\n")
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, author=author, zone=zone)
        return self.git("rev-parse", "HEAD")

    def merge(self, branch: str) -> str:
        """Merge a branch; the object id of the merge."""
        self._minutes += 1
        self.git("merge", "-q", "--no-ff", "-m", f"Merge {branch}", branch)
        return self.git("rev-parse", "HEAD")
