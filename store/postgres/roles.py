"""The database roles that keep appending, redacting and owning apart (design section 4).

The login role owns the tables. `pipeledger_writer` may read and append and owns nothing;
`pipeledger_redactor` may delete parts and register rows. Both are group roles without
login, shared by all ledgers of a server; a session enters one with SET ROLE.

Where the login role may not make roles and they were not made for it, sessions stay the
login role: append-only then rests on the triggers alone, and readiness says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import psycopg
from psycopg import errors, sql

if TYPE_CHECKING:
    from collections.abc import Iterator

Role = Literal["owner", "writer", "redactor"]

WRITER: Final = "pipeledger_writer"
REDACTOR: Final = "pipeledger_redactor"

# Two servers that start on one cluster make the roles at the same moment; the catalogue
# then refuses one of them, and its next attempt finds them made.
_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class Roles:
    """The group roles that this login may enter.

    Attributes:
        writer: name of the writing role, or None where it may not be entered.
        redactor: name of the redacting role, or None.
    """

    writer: str | None
    redactor: str | None

    def name(self, role: Role) -> str | None:
        """The name to SET ROLE to; None: stay the login role."""
        if role == "writer":
            return self.writer
        return self.redactor if role == "redactor" else None

    def missing(self) -> Iterator[str]:
        """What separation is missing, one sentence a role."""
        advice = "let an administrator create it and grant it to the login role"
        if self.writer is None:
            yield f"role {WRITER} cannot be entered, so appends run as owner: {advice}"
        if self.redactor is None:
            yield f"role {REDACTOR} cannot be entered, so redaction runs as owner: {advice}"


def find_roles(connection: psycopg.Connection[Any]) -> Roles:
    """Find which group roles this login may enter, by entering them."""

    def entered(name: str) -> str | None:
        try:
            with connection.transaction(force_rollback=True):
                connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(name)))
        except (errors.InvalidParameterValue, errors.InsufficientPrivilege):
            return None
        return name

    return Roles(writer=entered(WRITER), redactor=entered(REDACTOR))


def create_roles(connection: psycopg.Connection[Any]) -> Roles:
    """Make the group roles where that is allowed; give back those that may be entered."""
    for _ in range(_ATTEMPTS):
        roles = find_roles(connection)
        wanted = [
            name
            for name, found in ((WRITER, roles.writer), (REDACTOR, roles.redactor))
            if found is None
        ]
        if not wanted:
            return roles
        try:
            with connection.transaction():
                for name in wanted:
                    _create(connection, name)
        except errors.InsufficientPrivilege:
            return roles
        except (errors.UniqueViolation, errors.DuplicateObject, errors.InternalError_):
            continue
    return find_roles(connection)


def _create(connection: psycopg.Connection[Any], name: str) -> None:
    known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (name,)).fetchone()
    if known is None:
        connection.execute(
            sql.SQL("CREATE ROLE {} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE").format(
                sql.Identifier(name)
            )
        )
    connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(name)))
