"""Keys and credentials that were reported compromised, and what they signed since.

A report is an entry of type `pipeledger.key.revoked` with two tags, so that it needs no part:

    key.compromised:<key id or credential>      key.since:<first position in doubt>
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from psycopg import sql

from domain.errors import DamageError
from domain.log.entry import parse_entry
from store.ledger.last import last_position

if TYPE_CHECKING:
    from domain.log.succession import Succession
    from store.postgres.database import Connection

REVOKED: Final = "pipeledger.key.revoked"
_COMPROMISED: Final = "key.compromised:"
_SINCE: Final = "key.since:"


@dataclass(frozen=True, slots=True)
class Report:
    """A report of a compromise.

    Attributes:
        key: id of a key of the ledger, or of a credential.
        since: the first position in doubt.
        position: of the report.
    """

    key: str
    since: int
    position: int

    def __str__(self) -> str:
        return (
            f"{self.key} is reported compromised since position {self.since} "
            f"(by position {self.position})"
        )


def report_tags(key: str, since: int) -> tuple[str, ...]:
    """The tags of a report."""
    return (_COMPROMISED + key, f"{_SINCE}{since}")


def read_reports(connection: Connection, schema: str) -> list[Report]:
    """All reports, in order of position; an entry that is none any more is for `fsck` to name."""
    statement = sql.SQL("SELECT pos, entry FROM {} WHERE type = %s ORDER BY pos").format(
        sql.Identifier(schema, "entries")
    )
    reports = []
    for pos, raw in connection.execute(statement, (REVOKED,)).fetchall():
        try:
            tags = parse_entry(bytes(raw)).context.tags
        except DamageError:
            continue
        keys = [tag.removeprefix(_COMPROMISED) for tag in tags if tag.startswith(_COMPROMISED)]
        since = [tag.removeprefix(_SINCE) for tag in tags if tag.startswith(_SINCE)]
        if keys and since and since[0].isascii() and since[0].isdigit():
            reports.append(Report(keys[0], int(since[0]), int(pos)))
    return reports


def affected(
    connection: Connection, schema: str, succession: Succession, report: Report
) -> list[tuple[int, int]]:
    """The positions in doubt, as ranges: first and last.

    Of an intake key the entries in its range, of a log key the sizes of checkpoints; of any other
    credential the entries that it brought, which reads all entries since.
    """
    last = last_position(connection, schema)
    for term in succession.terms:
        if term.key.id == report.key:
            end = last if term.last is None else min(term.last, last)
            begin = max(term.first, report.since)
            return [(begin, end)] if begin <= end else []
    statement = sql.SQL(
        "SELECT pos FROM {} WHERE pos >= %s AND position(%s::bytea IN entry) > 0 ORDER BY pos"
    ).format(sql.Identifier(schema, "entries"))
    named = f'"cred":"{report.key}"'.encode()
    ranges: list[tuple[int, int]] = []
    for (pos,) in connection.execute(statement, (report.since, named)):
        if ranges and ranges[-1][1] == pos - 1:
            ranges[-1] = (ranges[-1][0], pos)
        else:
            ranges.append((pos, pos))
    return ranges
