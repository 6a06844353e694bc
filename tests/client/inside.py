"""The command in this process: what is said of an answer needs no interpreter of its own."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from typing import TYPE_CHECKING
from unittest.mock import patch

from pipeledger.cli import main
from tests.client.test_end_to_end import Shell

if TYPE_CHECKING:
    from pathlib import Path


class Inside(Shell):
    """Runs `pipeledger` with a home of its own; libraries that it has once read stay read."""

    def __call__(
        self, *words: str | Path, status: int = 0, changes: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command and expect an exit status."""
        told = [str(word) for word in words]
        environment = self.environment | (changes or {})
        with (
            patch.dict(os.environ, environment, clear=True),
            contextlib.redirect_stdout(io.StringIO()) as out,
            contextlib.redirect_stderr(io.StringIO()) as err,
        ):
            try:
                found = main(told)
            except SystemExit as ended:
                found = int(ended.code or 0)
        done = subprocess.CompletedProcess(told, found, out.getvalue(), err.getvalue())
        assert found == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done
