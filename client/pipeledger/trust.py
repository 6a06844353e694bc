"""Keys that somebody compared and pinned, and what was seen of each log before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from pipeledger.checking import Checkpoint, Key, Trust
from pipeledger.errors import ConfigurationError, UnsoundError
from pipeledger.files import make_folder, write_whole
from pipeledger.http import request

if TYPE_CHECKING:
    from pathlib import Path


def fingerprint(vkeys: list[str]) -> str:
    """What people compare: SHA-256 of the sorted key lines."""
    return "sha256:" + sha256("\n".join(sorted(vkeys)).encode()).hexdigest()


@dataclass(frozen=True)
class Offered:
    """Keys that a server names; worth nothing before somebody compares the fingerprint."""

    origin: str
    vkeys: list[str]

    @property
    def fingerprint(self) -> str:
        """Of the keys themselves, not what the server says of them."""
        return fingerprint(self.vkeys)


def fetch_keys(base: str) -> Offered:
    """The keys that a ledger names.

    Raises:
        RefusedError, AwayError: the server does not give them.
        ConfigurationError: what it gives are no keys.
    """
    found = request("GET", f"{base}/log/keys").json()
    origin = found.get("origin") if isinstance(found, dict) else None
    vkeys = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(origin, str) or not isinstance(vkeys, list) or not vkeys:
        raise ConfigurationError("the server names no keys; is it a ledger?")
    return Offered(origin, [str(vkey) for vkey in vkeys])


class TrustStore:
    """Pinned keys in a folder, one file a log."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, offered: Offered, compared: str) -> Trust:
        """Pin a log's keys.

        Raises:
            UnsoundError: the fingerprint is not the one that was compared, or the origin is
                pinned with other keys.
        """
        if offered.fingerprint != compared.strip().lower():
            raise UnsoundError(
                f"the server's keys have the fingerprint {offered.fingerprint}, not the one given"
            )
        trust = Trust(offered.origin, tuple(Key.parse(vkey) for vkey in offered.vkeys))
        if not trust.log or not trust.intake:
            raise ConfigurationError("the keys do not bear the names of their log")
        path = self._path(offered.origin)
        if path.exists() and json.loads(path.read_bytes())["keys"] != offered.vkeys:
            raise UnsoundError(f"{offered.origin} is pinned with other keys already: {path}")
        make_folder(self._folder)
        content = {"origin": offered.origin, "keys": offered.vkeys}
        write_whole(path, json.dumps(content, indent=1).encode())
        return trust

    def find(self, origin: str) -> Trust | None:
        """The pinned keys of a log, or None.

        Raises:
            ConfigurationError: the file is damaged.
        """
        path = self._path(origin)
        try:
            found = json.loads(path.read_bytes())
            return Trust(found["origin"], tuple(Key.parse(vkey) for vkey in found["keys"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(f"{path} cannot be read: {type(error).__name__}") from None

    def origins(self) -> list[tuple[str, str]]:
        """Origin and fingerprint of every pinned log."""
        found = []
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            content = json.loads(path.read_bytes())
            found.append((content["origin"], fingerprint(content["keys"])))
        return found

    def seen(self, origin: str) -> Checkpoint | None:
        """The newest checkpoint that was verified here before."""
        try:
            found = json.loads(self._path(origin, ".seen").read_bytes())
            return Checkpoint(int(found["size"]), bytes.fromhex(found["root"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remember(self, origin: str, checkpoint: Checkpoint) -> None:
        """Keep a verified checkpoint, so that a shorter or other log is refused later."""
        make_folder(self._folder)
        content = {"origin": origin, "size": checkpoint.size, "root": checkpoint.root.hex()}
        write_whole(self._path(origin, ".seen"), json.dumps(content).encode())

    def _path(self, origin: str, ending: str = ".json") -> Path:
        return self._folder / (sha256(origin.encode()).hexdigest()[:32] + ending)
