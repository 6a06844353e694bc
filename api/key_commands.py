"""Commands about keys: those of the ledger itself, and those that emitters sign with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from api.commanding import granting, of_ledger, opened, placed, until_of
from domain.errors import SettingError
from domain.instant import read_instant
from domain.log.emitter import MAX_KEY_FILE, EmitterKey
from store.ledger.keys import PURPOSES

if TYPE_CHECKING:
    from api.host import Settings
    from api.served import Served

_POSITION: Final = re.compile("[1-9][0-9]{0,17}")


@click.group()
def key() -> None:
    """Enroll, list, replace and revoke keys."""


@key.command("enroll")
@placed
@of_ledger
@click.option("--name", "who", required=True, help="whose it is")
@click.option("--source", "sources", multiple=True, help="prefix of the sources it may use; any")
@click.option("--expires", default=None, metavar="90d")
@click.argument("file", type=click.File("rb"))
def key_enroll(
    settings: Settings,
    name: str,
    who: str,
    sources: tuple[str, ...],
    expires: str | None,
    file: BinaryIO,
) -> None:
    """Let a public key (PEM or DER; Ed25519 or ECDSA P-256) sign events."""
    until = until_of(expires)
    found = EmitterKey.parse(file.read(MAX_KEY_FILE + 1))
    with opened(settings, name) as one:
        credential = granting(one).key(found, who, sources, until)
    click.echo(f"enrolled {credential.id} {found.kind} {found.key_id}")


@key.command("rotate")
@placed
@of_ledger
@click.argument("which", metavar="log|intake|CREDENTIAL")
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--signer", envvar="PIPELEDGER_SIGNER", default=None, metavar="URI",
              help="new log key that lies elsewhere: file2:FILE or hv:NAME/VERSION")  # fmt: skip
@click.option("--end", is_flag=True, help="the old key of the ledger shall sign no more")
def key_rotate(
    settings: Settings,
    name: str,
    which: str,
    file: BinaryIO | None,
    signer: str | None,
    *,
    end: bool,
) -> None:
    """Replace a key of the ledger itself, or of an emitter (with the FILE of its new public key).

    A key of the ledger is replaced in two steps. Run it once: the new key signs beside the old
    one, and whoever verifies learns of it. Run it again with --end: the old one signs no more.
    """
    with opened(settings, name) as one:
        if which not in PURPOSES:
            if file is None or end:
                raise SettingError("key rotate CREDENTIAL FILE: FILE holds the new public key")
            found = EmitterKey.parse(file.read(MAX_KEY_FILE + 1))
            credential = granting(one).rotate_emitter(which, found)
            click.echo(f"enrolled {credential.id} {found.kind} {found.key_id}")
            click.echo(f"{which} still signs: key revoke {which} once it is not used any more")
            return
        change = granting(one).rotate(which, end=end, signer=signer if which == "log" else None)
    if end:
        click.echo(f"ended {change.old.id}; {change.new.id} signs alone now")
        click.echo("keep a backup of the new key; the old private half was removed")
    else:
        click.echo(f"begun: {change.old.id} and {change.new.id} sign both")
        click.echo(f"when everybody has verified since: key rotate {which} --end")


@key.command("list")
@placed
@of_ledger
def key_list(settings: Settings, name: str) -> None:
    """List the ledger's keys and ranges, the valid keys of emitters, and what is in doubt."""
    with opened(settings, name) as one:
        for term in one.ledger.succession.terms:
            purpose = "log" if term.key.name == one.ledger.origin else "intake"
            click.echo(f"{term.key.id}\t{purpose}\tpositions {term}")
        for held in one.emitters.valid():
            ends = held.credential.expires
            until = "never" if ends is None else ends.isoformat()
            click.echo(f"{held.credential.id}\t{held.key.kind}\t{held.key_id}\texpires {until}")
        for report, ranges in one.ledger.compromised():
            click.echo(f"{report}: {_shown(ranges)}")


@key.command("revoke")
@placed
@of_ledger
@click.argument("which", metavar="CREDENTIAL|KEY")
@click.option("--compromised-since", "since", default=None, metavar="TIME|POSITION",
              help="since when somebody else may have signed with it")  # fmt: skip
@click.option("--reason", default=None, help="why")
def key_revoke(
    settings: Settings, name: str, which: str, since: str | None, reason: str | None
) -> None:
    """Trust a key no more: an emitter's, a token, a source's, or a key of the ledger itself.

    A key of the ledger that signs now must be replaced as well (key rotate).
    """
    with opened(settings, name) as one:
        position = None if since is None else _position(one, since)
        granting(one).revoke_key(which, position, reason)
        click.echo(f"revoked {which}")
        for report, ranges in one.ledger.compromised():
            if report.key == which:
                click.echo(f"{report}: {_shown(ranges)}")
        if which in {key.id for key in one.ledger.signing}:
            click.echo(f"{which} still signs for the ledger: replace it now (key rotate)")


def _position(one: Served, since: str) -> int:
    """The first position at or after an instant, or the position that was said."""
    if _POSITION.fullmatch(since):
        return int(since)
    instant = read_instant(since, "--compromised-since")
    if instant is None:
        return 1
    return one.ledger.reader.position_at(instant, one.ledger.published.size) + 1


def _shown(ranges: list[tuple[int, int]]) -> str:
    if not ranges:
        return "nothing was signed since"
    said = (str(first) if first == last else f"{first}-{last}" for first, last in ranges)
    return "positions " + ", ".join(said)
