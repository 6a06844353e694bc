"""Asks the caller's own command-line tool, or reads what it printed before."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeledger.errors import UnseenError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

MAX_PRINTED = 256 * 1024 * 1024
WAIT_S = 300
_OURS = "PIPELEDGER_"


def ask(*words: str) -> Any:  # noqa: ANN401 - JSON
    """What the command prints, as JSON. It has the caller's environment, but no secret of ours.

    Raises:
        UnseenError: it is not installed, fails, takes too long, or prints something else.
    """
    return _json(ask_text(*words), words[0])


def ask_text(*words: str) -> bytes:
    """What the command prints.

    Raises:
        UnseenError: it is not installed, fails or takes too long.
    """
    command = shutil.which(words[0])
    if command is None:
        raise UnseenError(f"the command {words[0]} is not installed")
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as complaints:
        status = _run([command, *words[1:]], printed, complaints)
        if status != 0:
            said = " ".join(_start_of(complaints, 10_000).decode("utf-8", "replace").split())
            # What went wrong is said last; what was tried before, first.
            raise UnseenError(f"{words[0]} says: {said[-300:] or f'exit status {status}'}")
        return _bounded(_start_of(printed, MAX_PRINTED + 1), words[0])


def read(place: str) -> Any:  # noqa: ANN401 - JSON
    """What a file holds as JSON, or for `-` standard input.

    Raises:
        UnseenError: it cannot be read, or holds something else.
    """
    if place == "-":
        return _json(_bounded(sys.stdin.buffer.read(MAX_PRINTED + 1), "-"), "standard input")
    try:
        with Path(place).open("rb") as file:
            raw = file.read(MAX_PRINTED + 1)
    except OSError as error:
        raise UnseenError(f"{place}: {error.strerror or 'cannot be read'}") from error
    return _json(_bounded(raw, place), place)


def _run(command: Sequence[str], printed: IO[bytes], complaints: IO[bytes]) -> int:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    try:
        return subprocess.run(  # noqa: S603 - the caller's own tool, and words of ours
            command, stdin=subprocess.DEVNULL, stdout=printed, stderr=complaints, check=False,
            env=kept | {"AWS_PAGER": ""}, timeout=WAIT_S,
        ).returncode  # fmt: skip
    except subprocess.TimeoutExpired:
        raise UnseenError(f"{Path(command[0]).name} did not end in {WAIT_S} s") from None
    except OSError as error:
        raise UnseenError(f"{Path(command[0]).name}: {error.strerror}") from error


def _start_of(file: IO[bytes], size: int) -> bytes:
    file.seek(0)
    return file.read(size)


def _bounded(raw: bytes, place: str) -> bytes:
    if len(raw) > MAX_PRINTED:
        raise UnseenError(f"{place}: more than {MAX_PRINTED // 1_000_000} MB")
    return raw


def _json(raw: bytes, place: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise UnseenError(f"{place}: what was printed is not JSON") from None
