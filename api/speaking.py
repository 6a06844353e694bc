"""In whose name an operator's command speaks, and what it says when it is done."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, TypeVar

import click

from api.deciding import BY_SERVER, Commanding
from api.doors import check_role
from api.host import now
from domain.errors import SettingError

if TYPE_CHECKING:
    from api.deciding import Decided
    from api.served import Served

TOKEN: Final = "PIPELEDGER_TOKEN"  # noqa: S105 - its name
C = TypeVar("C", bound=Commanding)


def speaking(one: Served, kind: type[C], roles: tuple[str, ...] = ("operator",)) -> C:
    """Commands in the name of whose token is in the environment, else of the server.

    Args:
        one: the ledger.
        kind: the commands.
        roles: whose tokens may command them.

    Raises:
        SettingError: the token is none of this ledger.
        ForbiddenError: it has another role.
    """
    credential = BY_SERVER
    token = os.environ.get(TOKEN)
    if token:
        found = one.tokens.find(token.strip())
        if found is None:
            raise SettingError(f"{TOKEN} is no valid token of this ledger")
        check_role(found, roles, TOKEN)
        credential = found
    return kind(one, credential, now(), os.urandom)


def tell(ledger: str, done: Decided) -> None:
    """Say what a command came to, and who does what next."""
    if done.expires is None:
        click.echo(f"decided, position {done.position}")
        return
    click.echo(f"proposed, position {done.position}: a second operator confirms it by")
    click.echo(f"  pipeledger-server command confirm --ledger {ledger} {done.position}")
    click.echo(f"until {done.expires}")
