"""A folder that appears under its name when all of it is written, or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from domain.errors import SettingError, UnavailableError
from store.files import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(slots=True)
class Folder:
    """A folder while it is written.

    Attributes:
        path: where.
        files: what is in it, by its name there: length in bytes, and SHA-256.
    """

    path: Path
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, name: str, content: bytes) -> None:
        """Write a file."""
        path = self.place(name)
        path.write_bytes(content)
        self.took(name)

    def place(self, name: str) -> Path:
        """Where a file of this name goes; `took` has to follow."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def took(self, name: str) -> None:
        """Make a file durable and note what it is."""
        with (self.path / name).open("rb") as stream:
            os.fsync(stream.fileno())
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            self.files[name] = {"bytes": stream.tell(), "sha256": digest}

    def finish(self, name: str, manifest: dict[str, Any]) -> bytes:
        """Write the manifest, which names all files written before it; gives its bytes."""
        told = manifest | {"files": dict(sorted(self.files.items()))}
        content = json.dumps(told, indent=1).encode() + b"\n"
        self.add(name, content)
        return content


@contextmanager
def making(target: Path) -> Iterator[Folder]:
    """A folder to write into; it gets its name when the block ends well.

    Raises:
        SettingError: something of that name is there, or there can be nothing.
        UnavailableError: the disk, or this account may not write there.
    """
    try:
        is_there = target.exists()
    except OSError as error:
        raise SettingError(f"{target} cannot be written: {error.strerror}") from error
    if is_there:
        raise SettingError(f"{target} is there already")
    fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        fresh.mkdir(parents=True)
        yield Folder(fresh)
        fresh.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise UnavailableError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
