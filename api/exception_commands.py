"""Commands about exceptions and people: waivers, emergencies, who is one person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from api.approving import Approving
from api.commanding import of_ledger, opened, placed, until_of
from api.deciding import Deciding
from api.doors import APPROVERS
from api.speaking import speaking, tell
from domain.errors import SettingError
from domain.log.entry import format_at

if TYPE_CHECKING:
    from api.host import Settings

_reason: Final = click.option("--reason", required=True, help="why")
_LISTS: Final = (
    "scope", "controls", "rules", "fingerprints", "services", "environments", "artifacts",
)  # fmt: skip
_FIELDS: Final = {"artifact": "digest", "plan": "digest", "config": "digest"}


@click.group()
def people() -> None:
    """Say which accounts are one person."""


@people.command("link")
@placed
@of_ledger
@click.argument("person")
@click.argument("other")
@_reason
def people_link(settings: Settings, name: str, person: str, other: str, reason: str) -> None:
    """Say that two accounts are one person.

    Each is an id (per_…), SYSTEM/LOGIN (pipeledger/NAME for the name of a token), or an e-mail
    address that was met.
    """
    with opened(settings, name) as one:
        tell(name, speaking(one, Deciding).link(person, other, reason))


@people.command("unlink")
@placed
@of_ledger
@click.argument("person")
@click.argument("other")
@_reason
def people_unlink(settings: Settings, name: str, person: str, other: str, reason: str) -> None:
    """Say that two accounts are two persons after all; named as for `link`."""
    with opened(settings, name) as one:
        tell(name, speaking(one, Deciding).link(person, other, reason, linked=False))


@click.group()
def waiver() -> None:
    """Except something from a rule until a date, with two persons."""


@waiver.command("grant")
@placed
@of_ledger
@click.option("--control", "controls", multiple=True, metavar="TEST",
              help="test of a control that is waived, such as VUL-01; repeat it")  # fmt: skip
@click.option("--rule", "rules", multiple=True, help="rule of a tool, such as a CVE; repeat it")
@click.option("--finding", "fingerprints", multiple=True, metavar="FINGERPRINT",
              help="finding that is waived; repeat it")  # fmt: skip
@click.option("--service", "services", multiple=True, help="only for this one; repeat it")
@click.option("--environment", "environments", multiple=True, help="only for this one; repeat it")
@click.option("--artifact", "artifacts", multiple=True, metavar="DIGEST",
              help="only for this one; repeat it")  # fmt: skip
@click.option("--scope", multiple=True, help="what it is for, in your own words; repeat it")
@click.option("--expires", required=True, metavar="90d", help="at most 365d")
@click.option("--compensating", default=None, help="what is done instead")
@click.option("--ticket", default=None)
@_reason
def waiver_grant(settings: Settings, name: str, expires: str, **said: Any) -> None:  # noqa: ANN401 - click
    """Propose an exception; another operator confirms it, always."""
    until = until_of(expires)
    data = {key: list(value) if key in _LISTS else value for key, value in said.items() if value}
    if until is not None:
        data["expires"] = format_at(until)
    with opened(settings, name) as one:
        tell(name, speaking(one, Deciding).waive(data))


@waiver.command("revoke")
@placed
@of_ledger
@click.argument("waiver", metavar="ID")
@_reason
def waiver_revoke(settings: Settings, name: str, waiver: str, reason: str) -> None:
    """Take an exception back."""
    with opened(settings, name) as one:
        tell(name, speaking(one, Deciding).revoke_waiver(waiver, reason))


@click.group()
def emergency() -> None:
    """Let changes go ahead before their approval."""


@emergency.command("declare")
@placed
@of_ledger
@click.option("--subject", "subjects", multiple=True, metavar="KIND=ID",
              help="what goes ahead: artifact, plan, config, commit or release, and which; "
              "repeat it")  # fmt: skip
@click.option("--environment", "environments", multiple=True, help="where; repeat it")
@click.option("--service", default=None)
@click.option("--incident", default=None, metavar="ID")
@click.option("--ticket", default=None)
@click.option("--approve-until", default=None, metavar="TIME", help="RFC 3339; else in 72 hours")
@_reason
def emergency_declare(
    settings: Settings,
    name: str,
    subjects: tuple[str, ...],
    environments: tuple[str, ...],
    **said: str | None,
) -> None:
    """Declare an emergency, in the name of whose token is in PIPELEDGER_TOKEN."""
    data: dict[str, Any] = {key: value for key, value in said.items() if value}
    if subjects:
        data["subjects"] = [_subject(one) for one in subjects]
    if environments:
        data["environments"] = list(environments)
    with opened(settings, name) as one:
        done = speaking(one, Approving, APPROVERS).declare(data)
        tell(name, done)
    click.echo(f"emergency {done.fact.data['emergency']}; to have it approved afterwards:")
    click.echo(f"  pipeledger request-approval --emergency {done.fact.data['emergency']}")
    click.echo(f"until {done.fact.data['approve_until']}, by somebody else")


def _subject(text: str) -> dict[str, str]:
    kind, sign, value = text.partition("=")
    if not sign or not value or kind not in ("commit", "release", *_FIELDS):
        raise SettingError("--subject: KIND=ID, such as artifact=sha256:… or commit=SHA")
    return {"kind": kind, _FIELDS.get(kind, kind): value}
