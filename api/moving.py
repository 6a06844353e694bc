"""A host's ledger as files, and back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from api.host import check_name, now
from store.archive.bringing import Target, bring_ledger
from store.archive.keyring import KeyRing
from store.archive.manifest import read_manifest
from store.archive.writing import write_ledger
from store.ledger.opening import equip, open_ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from api.host import Host
    from store.archive.manifest import Manifest


def write_out(
    home: Host,
    name: str,
    target: Path,
    keys: Path | None,
    progress: Callable[[int, int], None] = lambda _, __: None,
) -> Manifest:
    """Write a ledger into an empty folder, and its keys into a file of their own.

    Args:
        home: where the ledger is.
        name: of the ledger.
        target: the folder.
        keys: the file, or None: they are not written.
        progress: is told how many bytes are written, and of about how many.

    Raises:
        SettingError: there is no such ledger, or the file of keys cannot be made.
        DamageError: it does not agree with its guard.
        UnavailableError: the database or the disk.
    """
    origin, place = home.origin(name), home.place(name)
    home.migrate(name)
    around = home.surroundings(name)
    # Opened, so that whatever stands behind the last checkpoint is signed and goes along.
    ledger = open_ledger(name, origin, place, around)
    published = ledger.published
    ledger.close()
    if keys is not None:
        KeyRing.gather(origin, place).write(keys)
    return write_ledger(equip(name, origin, place, around), published, target, progress)


def bring_in(
    home: Host,
    name: str,
    source: Path,
    keys: Path,
    progress: Callable[[str, int, int], None] = lambda _, __, ___: None,
) -> Manifest:
    """Make the ledger of an export here; see `store.archive.bringing.bring_ledger`."""
    check_name(name)
    origin = read_manifest(source).origin
    home.check_free(name, origin)
    target = Target(
        name=name,
        ledgers=home.settings.data / "ledgers",
        database=home.database,
        guard=lambda schema: home.guard(name, origin, schema),
        clock=now,
        entropy=os.urandom,
    )
    return bring_ledger(source, keys, target, progress)
