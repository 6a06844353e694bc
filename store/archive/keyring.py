"""A ledger's private keys and secrets as one file, apart from everything else of it.

Whoever has this file can sign in the ledger's name and open what is sealed for persons.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from domain.errors import RefusedError, SettingError
from domain.log.names import check_origin
from store.archive.pieces import read_small
from store.files import make_folder, write_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from store.ledger.opening import Place

FORMAT: Final = "pipeledger/keys/v1"
LARGEST: Final = 4 * 1024 * 1024
_NAME: Final = re.compile(r"(keys|secrets)/[a-z0-9][a-z0-9._+-]{0,99}")


class _Told(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    origin: str
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The contents of `keys/` and `secrets/`.

    Attributes:
        origin: of the ledger they belong to.
        files: contents by name, such as `keys/log.key`.
    """

    origin: str
    files: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def gather(cls, origin: str, place: Place) -> KeyRing:
        """Those of a ledger.

        Raises:
            SettingError: one cannot be read, or something else lies there.
        """
        found = {}
        for folder in (place.keys, place.secrets):
            try:
                for path in sorted(folder.iterdir()):
                    name = f"{folder.name}/{path.name}"
                    if path.name.startswith("."):
                        # What a kill left in the middle of writing.
                        continue
                    if _NAME.fullmatch(name) is None:
                        raise SettingError(f"{path} is no key's file")
                    found[name] = path.read_bytes()
            except OSError as error:
                raise SettingError(f"{folder} cannot be read: {error.strerror}") from error
        return cls(origin, found)

    @classmethod
    def read(cls, path: Path) -> KeyRing:
        """Those in a file that `write` wrote.

        Raises:
            RefusedError: it is none.
        """
        try:
            told = msgspec.json.decode(read_small(path, LARGEST), type=_Told)
            files = {
                name: base64.b64decode(value, validate=True) for name, value in told.files.items()
            }
        except (msgspec.DecodeError, binascii.Error, ValueError) as error:
            raise RefusedError(path.name, "no keys of a ledger") from error
        if told.format != FORMAT:
            raise RefusedError(path.name, f"expected the format {FORMAT}")
        if not all(map(_NAME.fullmatch, files)):
            raise RefusedError(path.name, "a name in it is that of no key")
        return cls(check_origin(told.origin), files)

    def write(self, path: Path) -> None:
        """Write them into one new file of mode 0600.

        Raises:
            SettingError: something of that name is there, or it cannot be written.
        """
        try:
            is_there = path.exists()
        except OSError as error:
            # Whoever may not look into its folder is told no more than that.
            raise SettingError(f"{path} cannot be written: {error.strerror}") from error
        if is_there:
            raise SettingError(f"{path} is there already; --keys wants a new file")
        files = {name: base64.b64encode(raw).decode() for name, raw in sorted(self.files.items())}
        told = {"format": FORMAT, "origin": self.origin, "files": files}
        try:
            write_file(path, json.dumps(told, indent=1).encode() + b"\n")
        except OSError as error:
            raise SettingError(f"{path} cannot be written: {error.strerror}") from error

    def unpack(self, place: Place) -> None:
        """Lay them out where a ledger looks for them."""
        for folder in (place.keys, place.secrets):
            make_folder(folder)
        for name, raw in self.files.items():
            write_file(place.folder / name, raw)
