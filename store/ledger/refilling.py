"""Filling a guard that was lost, from a checkpoint that was kept outside, or from the database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from psycopg import sql

from domain.errors import DamageError, SettingError
from domain.log.tree import root_of
from store.ledger import situations
from store.ledger.fsck import fsck
from store.ledger.last import last_position
from store.ledger.opening import equip
from store.ledger.standing import StandingGuard
from store.postgres.migrate import check_migrated

if TYPE_CHECKING:
    from domain.log.checkpoint import Checkpoint
    from store.ledger.equipment import Equipment
    from store.ledger.opening import Place, Surroundings
    from store.postgres.database import Connection


def refill_guard(
    name: str, origin: str, place: Place, around: Surroundings, evidence: bytes | None
) -> Checkpoint:
    """Let an empty guard hold the newest checkpoint that is known; everything is verified first.

    Whoever restores the database and loses the guard at once cannot know what was signed last:
    only a checkpoint that was kept outside shows that nothing is missing.

    Args:
        name: of the ledger.
        origin: of the ledger.
        place: its files.
        around: what it is given from outside; the guard is empty.
        evidence: a checkpoint that was kept outside, or None: the database is trusted.

    Returns:
        What the guard holds now.

    Raises:
        SettingError: the guard is not empty, or the database holds no checkpoint.
        RefusedError: the evidence is no checkpoint.
        DamageError: the database does not hold what was signed, or does not verify.
    """
    if around.guard.read() is not None:
        raise SettingError(f"the guard of ledger {name} holds a checkpoint: it is not lost")
    equipment = equip(name, origin, place, around)
    with around.database.connect() as connection:
        check_migrated(connection, equipment.schema)
        equipment.ring.load(connection)
        note = _newest(connection, equipment)
        if evidence is not None:
            note = _newer(connection, equipment, note, evidence)
        if note is None:
            raise SettingError(f"the database of ledger {name} holds no checkpoint")
    for finding in fsck(replace(equipment, guard=StandingGuard(note))):
        if finding.damage:
            raise DamageError(finding.position, finding.cause)
    around.guard.swap(None, note)
    return _opened(equipment, note)


def _newest(connection: Connection, equipment: Equipment) -> bytes | None:
    statement = sql.SQL("SELECT note FROM {} ORDER BY size DESC LIMIT 1").format(
        sql.Identifier(equipment.schema, "checkpoints")
    )
    row = connection.execute(statement).fetchone()
    return None if row is None else bytes(row[0])


def _newer(
    connection: Connection, equipment: Equipment, note: bytes | None, evidence: bytes
) -> bytes | None:
    """The larger of the two, once the database holds what the evidence says."""
    said = _opened(equipment, evidence)
    last = last_position(connection, equipment.schema)
    if said.size > last:
        raise situations.older(equipment.name, said.size, last)
    if root_of(said.size, equipment.tiles.reader(connection, said.size)) != said.root:
        raise situations.different(equipment.name, said.size)
    if note is None or _opened(equipment, note).size < said.size:
        return evidence
    return note


def _opened(equipment: Equipment, note: bytes) -> Checkpoint:
    return equipment.ring.open(note)
