"""Commands of operators: environments, services, voids, assessments, proposals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, get_args

import click

from api.commanding import of_ledger, opened, placed
from api.deciding import Deciding
from api.host import now
from api.proposals import waiting
from api.speaking import speaking, tell
from domain.errors import SettingError
from domain.events.delivery import Tier

if TYPE_CHECKING:
    from api.host import Settings

_IMPACT: Final = {"true": True, "false": False, "unknown": "unknown"}
_CLEARED: Final = ("repositories", "scope", "deployment-source")
_reason: Final = click.option("--reason", required=True, help="why")
_since: Final = click.option(
    "--effective-from",
    default=None,
    metavar="TIME",
    help="RFC 3339; else from now on, and what is first said of a service since ever",
)


@click.group()
def environment() -> None:
    """Say what environments are for."""


@environment.command("register")
@placed
@of_ledger
@click.argument("environment", metavar="ENVIRONMENT")
@click.argument("tier", type=click.Choice(get_args(Tier)))
@_since
@_reason
def environment_register(settings: Settings, name: str, **said: str | None) -> None:
    """Say which tier an environment has, and since when."""
    with opened(settings, name) as one:
        tell(name, speaking(one, Deciding).register("environment.registered", said))


@click.group()
def service() -> None:
    """Say what services are."""


@service.command("register")
@placed
@of_ledger
@click.argument("service", metavar="SERVICE")
@click.option("--team", default=None)
@click.option("--repository", "repositories", multiple=True, metavar="ADDRESS",
              help="that holds its source; repeat it")  # fmt: skip
@click.option("--manifests", multiple=True, metavar="ADDRESS",
              help="that holds what is deployed of it (GitOps)")  # fmt: skip
@click.option("--path", "paths", multiple=True, help="the part of its repositories that is its own")
@click.option("--criticality", default=None)
@click.option("--scope", multiple=True, help="a rule it falls under, such as pci; repeat it")
@click.option("--deployment-source", "sources", multiple=True, metavar="ENVIRONMENT=SOURCE",
              help="whose reports of deployments count there; repeat it")  # fmt: skip
@click.option("--none", "cleared", multiple=True, type=click.Choice(_CLEARED),
              help="what it has not any more; repeat it")  # fmt: skip
@_since
@click.option("--reason", default=None, help="why")
def service_register(
    settings: Settings,
    name: str,
    repositories: tuple[str, ...],
    manifests: tuple[str, ...],
    paths: tuple[str, ...],
    scope: tuple[str, ...],
    sources: tuple[str, ...],
    cleared: tuple[str, ...],
    **said: str | None,
) -> None:
    """Say what is so of a service: what is left out stays as it was."""
    used: list[dict[str, Any]] = [
        {"repository": one, "role": "source"} | ({"paths": list(paths)} if paths else {})
        for one in repositories
    ]
    used += [{"repository": one, "role": "manifests"} for one in manifests]
    data: dict[str, Any] = said | {
        "repositories": used or ([] if "repositories" in cleared else None),
        "scope": list(scope) or ([] if "scope" in cleared else None),
        "deployment_source":
            dict(map(_pair, sources)) or ({} if "deployment-source" in cleared else None),
    }  # fmt: skip
    with opened(settings, name) as one:
        tell(name, speaking(one, Deciding).register("service.registered", data))


@click.group()
def event() -> None:
    """Correct what was sent."""


@event.command("void")
@placed
@of_ledger
@click.argument("position", type=click.IntRange(min=1))
@_reason
def event_void(settings: Settings, name: str, position: int, reason: str) -> None:
    """Let an event count no more; it stays listed."""
    with opened(settings, name) as one:
        tell(name, speaking(one, Deciding).void(position, reason))


@click.group()
def assess() -> None:
    """Restate what a deployment did, or what an incident was."""


@assess.command("deployment")
@placed
@of_ledger
@click.argument("deployment", metavar="ID")
@click.option("--source", required=True, help="who reported it")
@click.option("--service", default=None)
@click.option("--environment", default=None)
@click.option("--remediates", multiple=True, metavar="ID", help="deployment that it remedied")
@click.option("--rolls-back", default=None, metavar="ID", help="deployment that it took back")
@click.option("--impact", type=click.Choice(list(_IMPACT)), default=None,
              help="whether the target was changed or degraded")  # fmt: skip
@_reason
def assess_deployment(
    settings: Settings,
    name: str,
    deployment: str,
    source: str,
    remediates: tuple[str, ...],
    impact: str | None,
    **said: str | None,
) -> None:
    """Restate what a deployment remedied, rolled back or harmed."""
    data: dict[str, Any] = said | {
        "remediates": list(remediates) or None,
        "impact": None if impact is None else _IMPACT[impact],
    }
    with opened(settings, name) as one:
        tell(name, speaking(one, Deciding).assess("deployment", source, deployment, data))


@assess.command("incident")
@placed
@of_ledger
@click.argument("incident", metavar="ID")
@click.option("--source", required=True, help="who reported it")
@click.option("--service", default=None)
@click.option("--environment", default=None)
@click.option("--caused-by", default=None, metavar="ID", help="deployment that caused it")
@click.option("--cause", default=None, help="such as external")
@click.option("--severity", default=None)
@click.option("--category", default=None,
              type=click.Choice(["availability", "security", "privacy"]))  # fmt: skip
@_reason
def assess_incident(
    settings: Settings, name: str, incident: str, source: str, **said: str | None
) -> None:
    """Restate what caused an incident, and how bad it was."""
    with opened(settings, name) as one:
        tell(name, speaking(one, Deciding).assess("incident", source, incident, dict(said)))


@click.group()
def command() -> None:
    """List, confirm and withdraw commands that need a second operator."""


@command.command("list")
@placed
@of_ledger
def command_list(settings: Settings, name: str) -> None:
    """List what waits for a second operator."""
    with opened(settings, name) as one:
        for found in waiting(one.ledger, now()):
            until = found.proposal.expires.isoformat(timespec="minutes")
            said = json.dumps(found.data, ensure_ascii=False)
            click.echo(
                f"{found.proposal.position}\t{found.command}\tby {found.proposal.by.principal}\t"
                f"until {until}\t{said}"
            )


@command.command("confirm")
@placed
@of_ledger
@click.argument("position", type=click.IntRange(min=1))
def command_confirm(settings: Settings, name: str, position: int) -> None:
    """Decide what another operator proposed; the token says who you are."""
    with opened(settings, name) as one:
        tell(name, speaking(one, Deciding).confirm(position))


@command.command("withdraw")
@placed
@of_ledger
@click.argument("position", type=click.IntRange(min=1))
@click.option("--reason", default=None, help="why")
def command_withdraw(settings: Settings, name: str, position: int, reason: str | None) -> None:
    """Let nobody confirm a command any more."""
    with opened(settings, name) as one:
        tell(name, speaking(one, Deciding).withdraw(position, reason))


def _pair(text: str) -> tuple[str, str]:
    environment, sign, source = text.partition("=")
    if not environment or not sign or not source:
        raise SettingError("--deployment-source: ENVIRONMENT=SOURCE")
    return environment, source
