"""Trust: which keys are believed for which log. It comes from the person who verifies.

The store is one JSON file that `pipeledger trust add` writes after comparing a fingerprint:

    {"v":1,"ledgers":[{"url":..,"ledger":..,"origin":..,"keys":[vkey,..],
                       "ranges":{"<key id>":[first,last or null]},
                       "seen":{"size":n,"root":"<hex>","note":".."} or null}]}

`ranges` says where keys are valid that were replaced; the log itself told, when it was verified.

`seen` is the largest checkpoint that was verified from there: a log that later says less, or
something else, is caught by it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipeledger.verifier.key import TrustedKey
from pipeledger.verifier.wire import (
    HASH_BYTES,
    MAX_NUMBER,
    Checkpoint,
    UncheckedError,
    UnsoundError,
    read_object,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

INTAKE = "/intake"
NEXT_STEP = "pipeledger trust add URL --fingerprint FINGERPRINT"


@dataclass(frozen=True)
class TrustedLog:
    """A log whose keys are believed.

    Attributes:
        origin: the log's name.
        keys: its log keys and intake keys.
        url: where it was fetched from, or nothing.
        ledger: its name there, or nothing.
        seen: the largest checkpoint verified before, or None.
    """

    origin: str
    keys: tuple[TrustedKey, ...]
    url: str = ""
    ledger: str = ""
    seen: Checkpoint | None = None

    @property
    def log_keys(self) -> tuple[TrustedKey, ...]:
        """The keys that sign checkpoints."""
        return tuple(key for key in self.keys if key.name == self.origin)

    @property
    def intake_keys(self) -> tuple[TrustedKey, ...]:
        """The keys that sign the contexts of entries."""
        return tuple(key for key in self.keys if key.name == self.origin + INTAKE)


def trusted_log(vkeys: Iterable[str], **fields: Any) -> TrustedLog:  # noqa: ANN401 - as the class
    """The log that these verifier keys are of.

    Raises:
        UnsoundError: no log key or no intake key, or keys of several logs.
    """
    keys = tuple(TrustedKey.parse(vkey) for vkey in vkeys)
    origins = {key.name.removesuffix(INTAKE) for key in keys}
    names = {key.name for key in keys}
    if len(origins) != 1 or names != {(origin := origins.pop()), origin + INTAKE}:
        raise UnsoundError(None, "keys: expected the log key and the intake key of one ledger")
    return TrustedLog(origin, keys, **fields)


def read_trust(raw: bytes) -> list[TrustedLog]:
    """The logs of a trust store.

    Raises:
        UncheckedError: not a trust store.
    """
    try:
        store = read_object(raw, "trust store")
        ledgers = store.get("ledgers") if store.get("v") == 1 else None
        return [_trusted(one) for one in _listed(ledgers)]
    except UnsoundError as error:
        raise UncheckedError(f"the trust store cannot be read ({error})") from error


def find_trust(logs: Sequence[TrustedLog], origin: str) -> TrustedLog:
    """The log of this name.

    Raises:
        UncheckedError: none of this name is trusted.
    """
    for log in logs:
        if log.origin == origin:
            return log
    shown = "".join(char if "!" <= char <= "~" else "?" for char in origin[:100])
    raise UncheckedError(f"no key is trusted for the ledger {shown}", NEXT_STEP)


def _listed(ledgers: Any) -> list[Any]:  # noqa: ANN401 - as it was read
    if not isinstance(ledgers, list):
        raise UnsoundError(None, "trust store: not of version 1")
    return ledgers


def _ranged(key: TrustedKey, ranges: Any) -> TrustedKey:  # noqa: ANN401 - as it was read
    if not isinstance(ranges, dict):
        raise UnsoundError(None, "trust store: the ranges of keys cannot be read")
    if (stated := ranges.get(key.key_id)) is None:
        return key
    if not isinstance(stated, list) or len(stated) != 2:  # noqa: PLR2004 - first and last
        raise UnsoundError(None, "trust store: the ranges of keys cannot be read")
    first, last = stated
    if type(first) is not int or not (last is None or type(last) is int):
        raise UnsoundError(None, "trust store: the ranges of keys cannot be read")
    return replace(key, first=first, last=last)


def _trusted(one: Any) -> TrustedLog:  # noqa: ANN401 - as it was read
    if not isinstance(one, dict) or not isinstance(one.get("keys"), list):
        raise UnsoundError(None, "trust store: a ledger without keys")
    log = trusted_log(
        (key for key in one["keys"] if isinstance(key, str)),
        url=str(one.get("url", "")),
        ledger=str(one.get("ledger", "")),
    )
    ranges = one.get("ranges", {})
    log = replace(log, keys=tuple(_ranged(key, ranges) for key in log.keys))
    seen = one.get("seen")
    if seen is None:
        return log
    try:
        size, root = seen["size"], bytes.fromhex(seen["root"])
        note = str(seen.get("note", "")).encode()
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise UnsoundError(None, "trust store: what was seen cannot be read") from error
    if type(size) is not int or not 0 <= size <= MAX_NUMBER or len(root) != HASH_BYTES:
        raise UnsoundError(None, "trust store: what was seen cannot be read")
    before = Checkpoint(log.origin, size, root, note)
    return TrustedLog(log.origin, log.keys, log.url, log.ledger, before)
