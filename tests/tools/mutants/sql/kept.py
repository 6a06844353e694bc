"""What tests made of the definitions, kept from run to run.

What a file of tests made is kept until the file, what it imports of the tests, or the code below
them is another.
"""

from __future__ import annotations

import functools
import os
import pickle
import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tools.mutants.sql.recording import Recorded

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[3]
FOLDER = ROOT / ".mutants"
_BELOW: Final = ("domain", "projections")
_IMPORT: Final = re.compile(r"^from (tests\.[a-z_.]+) import", re.MULTILINE)


def recalled(file: Path) -> Recorded | None:
    """What a file of tests made; None: it is to be run."""
    path = _path(file)
    if not path.exists():
        return None
    kept: Recorded = pickle.loads(path.read_bytes())  # noqa: S301 - we wrote it
    return kept


def keep(file: Path, recorded: Recorded) -> None:
    """Keep what a file of tests made, in place of what it made before."""
    FOLDER.mkdir(exist_ok=True)
    path = _path(file)
    for old in FOLDER.glob(f"{file.stem}-*"):
        old.unlink()
    path.write_bytes(pickle.dumps(recorded))


@functools.cache
def _path(file: Path) -> Path:
    """Where it lies, by the texts as they were when the run began."""
    digest = sha256(_code().encode())
    for one in sorted(_imported(file)):
        digest.update(_digest_of(one).encode())
    return FOLDER / f"{file.stem}-{digest.hexdigest()[:24]}"


@functools.cache
def _imported(file: Path) -> frozenset[Path]:
    """A file of tests and all of the tests' modules that it imports, or that these do."""
    found: set[Path] = set()
    todo = [file]
    while todo:
        one = todo.pop()
        if one not in found and one.exists():
            found.add(one)
            todo += [
                (ROOT / name.replace(".", "/")).with_suffix(".py")
                for name in _IMPORT.findall(one.read_text())
            ]
    return frozenset(found)


@functools.cache
def _code() -> str:
    """Digest of all that stands below the tests."""
    digest = sha256(duckdb.__version__.encode())
    for file in sorted([*_below(), HERE / "recording.py"]):
        digest.update(_digest_of(file).encode())
    return digest.hexdigest()


def _below() -> Iterator[Path]:
    for folder in _BELOW:
        for pattern in ("*.py", "*.sql", "*.json", "*.toml"):
            yield from (ROOT / folder).rglob(pattern)


def _digest_of(file: Path) -> str:
    return f"{os.path.relpath(file, ROOT)} {sha256(file.read_bytes()).hexdigest()}"
