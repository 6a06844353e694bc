"""Commands about API tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.commanding import granting, of_ledger, opened, placed, until_of
from api.host import Host

if TYPE_CHECKING:
    from api.host import Settings
    from store.credentials import Role


@click.group()
def token() -> None:
    """Make, list and revoke API tokens."""


@token.command("create")
@placed
@of_ledger
@click.option(
    "--role", type=click.Choice(["emitter", "approver", "auditor", "operator"]), required=True,
    help="what it may do: docs/operations.md#roles",
)  # fmt: skip
@click.option("--name", "who", required=True,
              help="whose it is; by an e-mail address, whoever commits by that")  # fmt: skip
@click.option("--source", "sources", multiple=True, help="prefix of the sources it may use; any")
@click.option("--approves-as", multiple=True, metavar="ROLE",
              help="role in the organisation in which its bearer approves; repeat it")  # fmt: skip
@click.option("--expires", default=None, metavar="90d", help="in how many days it ends; else never")
def token_create(
    settings: Settings,
    name: str,
    role: Role,
    who: str,
    sources: tuple[str, ...],
    approves_as: tuple[str, ...],
    expires: str | None,
) -> None:
    """Make a token and print it, this once; its id goes to standard error."""
    until = until_of(expires)
    with opened(settings, name) as one:
        text = granting(one).token(role, who, sources, until, approves_as)
        click.echo(text)
        made = one.tokens.find(text)
        if made is not None:
            # The list names no people: whoever may have to revoke it keeps this.
            click.echo(f"its id, for `token revoke`: {made.id}", err=True)


@token.command("list")
@placed
@of_ledger
def token_list(settings: Settings, name: str) -> None:
    """List the tokens that are valid."""
    with Host(settings) as home:
        home.origin(name)
        for one in home.tokens(name).valid():
            until = "never" if one.expires is None else one.expires.isoformat()
            click.echo(f"{one.id}\t{one.role}\t{one.principal}\texpires {until}")


@token.command("revoke")
@placed
@of_ledger
@click.argument("credential")
def token_revoke(settings: Settings, name: str, credential: str) -> None:
    """Make a token useless, by its id."""
    with opened(settings, name) as one:
        granting(one).revoke_token(credential)
    click.echo(f"revoked {credential}")
