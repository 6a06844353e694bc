"""Where the guard is: what `PIPELEDGER_GUARD` may say.

    PATH | file:PATH             a folder, outside the data folder and better on another machine
    witness:URL+VKEY             a witness; the key's name begins after the first `+`
    s3://BUCKET/KEY              an object store with conditional writes; AWS_* variables

Each ledger has its own: a folder below the path, an object below the key, at a witness its origin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from api.guards.objects import ObjectGuard, open_bucket
from api.guards.witness import WitnessGuard
from api.witness.calling import WitnessAddress, WitnessClient
from domain.errors import RefusedError, SettingError
from domain.log.cosignature import parse_witness_vkey
from store.ledger.guard import FileGuard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.guards.witness import Proving
    from store.ledger.guard import Guard

SETTING: Final = "PIPELEDGER_GUARD"
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_BUCKET: Final = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([!-~]{1,900})")
_FORMS: Final = "a path, file:PATH, witness:URL+KEY or s3://BUCKET/KEY"


@dataclass(frozen=True, slots=True)
class Folder:
    """Guards in a folder."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class Objects:
    """Guards in an object store."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


GuardAddress = Folder | Objects | WitnessAddress
"""Where the guards of a server's ledgers are."""


def parse_guard(text: str) -> GuardAddress:
    """The address that the setting gives.

    Raises:
        SettingError: it is none.
    """
    scheme = _SCHEME.match(text)
    kind = None if scheme is None else scheme[1].lower()
    if not text:
        raise SettingError(f"{SETTING}: expected {_FORMS}")
    if kind is None or kind == "file":
        path = text if kind is None else text.partition(":")[2].removeprefix("//")
        if not path or "\0" in path:
            raise SettingError(f"{SETTING}: expected a path after file:")
        return Folder(Path(path).absolute())
    if kind == "s3":
        match = _BUCKET.fullmatch(text)
        if match is None:
            raise SettingError(f"{SETTING}: expected s3://BUCKET/KEY, as object stores name them")
        return Objects(match[1], match[2].strip("/"))
    if kind == "witness":
        return _witness(text.partition(":")[2])
    raise SettingError(f"{SETTING}: {kind}: is no form of it; expected {_FORMS}")


def open_guard(
    address: GuardAddress,
    name: str,
    origin: str,
    prove: Proving,
    environment: Mapping[str, str],
) -> Guard:
    """The guard of one ledger; nothing is asked of it yet.

    Args:
        address: where the guards are.
        name: the ledger's.
        origin: likewise.
        prove: gives the consistency proof between two sizes of its tree.
        environment: holds the object store's credentials.

    Raises:
        SettingError: it cannot be reached with these settings.
    """
    if isinstance(address, Folder):
        return FileGuard(address.path / name)
    if isinstance(address, Objects):
        return ObjectGuard(open_bucket(address.bucket, environment), f"{address.key}/{name}")
    return WitnessGuard(WitnessClient(address), origin, prove)


def _witness(text: str) -> WitnessAddress:
    url, plus, vkey = text.partition("+")
    if not plus:
        raise SettingError(f"{SETTING}: expected witness:URL+KEY")
    try:
        return WitnessAddress.of(parse_witness_vkey(vkey), url)
    except RefusedError as error:
        raise SettingError(f"{SETTING}: the witness's key: {error.reason}") from error
    except SettingError as error:
        raise SettingError(f"{SETTING}: {error}") from error
