"""`pipeledger reconcile`: whether the ledger has everything that the code host has."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipeledger.ci import clean_repository, job_of
from pipeledger.codehost import github, gitlab
from pipeledger.codehost.api import HostApi
from pipeledger.codehost.comparison import LEDGER, SOURCE, compare
from pipeledger.codehost.ledger import Known
from pipeledger.codehost.thing import KINDS, Window
from pipeledger.commands.common import (
    add_delivery_options,
    attempt,
    delivery_of,
    parser_of,
    say,
    settings_of,
    source_of,
    warn,
)
from pipeledger.errors import AwayError, UnseenError, UsageError
from pipeledger.event import build_event, encode, new_id
from pipeledger.instant import instant_of, written
from pipeledger.settings import split_url
from pipeledger.transport import Transport
from pipeledger.words import Form

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from pipeledger.codehost.comparison import Comparison
    from pipeledger.codehost.thing import CodeHost
    from pipeledger.settings import Settings

_EPILOG = """\
Lists merged changes, commits of the default branch, deployments and releases by the code host's
API with the caller's GITHUB_TOKEN or GITLAB_TOKEN, looks each of them up in the ledger, and asks
the code host for what only the ledger has. The result is recorded as reconciliation.finished, with
numbers, object ids and versions, and no names.

Exit status: 0 no difference, 1 differences (or not delivered and strict), 2 could not be checked.

  pipeledger reconcile github --since 7d
  pipeledger reconcile gitlab --since 2026-01-01T00:00:00Z --repository https://gitlab.com/acme/shop
"""
_SHOWN = 50
_LATEST = timedelta(minutes=1)
"""What happened just now may still be on its way to the ledger."""
_REPOSITORY = re.compile(r"https?://([^/?#]+)/([^/?#]+(?:/[^/?#]+)+)")


@dataclass(frozen=True)
class _System:
    token: str
    headers: Mapping[str, str]
    api_of: Callable[[str], str]
    make: Callable[[HostApi, str], CodeHost]


_SYSTEMS = {
    "github": _System(github.TOKEN, github.HEADERS, github.api_of, github.GitHub),
    "gitlab": _System(gitlab.TOKEN, gitlab.HEADERS, gitlab.api_of, gitlab.GitLab),
}


def main(words: Sequence[str]) -> int:
    """Compare and send what came of it; the exit status."""
    parser = parser_of("reconcile", "Compare the ledger with the code host.", _EPILOG)
    parser.add_argument("system", choices=sorted(_SYSTEMS))
    parser.add_argument("--since", required=True, metavar="TIME", help="RFC 3339, or 36h, 7d")
    parser.add_argument("--until", metavar="TIME", help="likewise (a minute ago)")
    parser.add_argument("--repository", default="", metavar="URL", help="(the CI job's)")
    parser.add_argument("--branch", default="", help="whose commits count (the default branch)")
    parser.add_argument(
        "--only", default="", metavar="KINDS", help=f"of {','.join(KINDS)}, by commas"
    )
    parser.add_argument("--api", default="", metavar="URL", help="of the code host's API")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    add_delivery_options(parser)
    options = parser.parse_args(list(words))
    settings = settings_of(options)
    if not settings.url:
        raise UsageError("PIPELEDGER_URL is not set")
    kinds, window = _kinds(options.only), _window(options)
    host = _host(options, settings)
    transport = Transport(settings.url, settings.ledger, settings)
    try:
        address, branch = host.describe()
        known = Known(transport, clean_repository(address), window)
        found = compare(host, known, kinds, window, options.branch or branch)
    except AwayError as error:
        raise UnseenError(str(error)) from error
    data = {
        "evidence": f"rec-{new_id()[:16]}",
        "system": options.system,
        "repository": clean_repository(address),
        "since": written(window.since),
        "until": written(window.until),
        **found.data(),
    }
    say(json.dumps(data)) if options.json else _show(data, found)
    status = _send(data, settings, quiet=options.json)
    return max(status, 1 if found.differences else 0)


def _kinds(only: str) -> list[str]:
    # Both `changes` and `change` are understood.
    chosen = [word.strip().removesuffix("s") for word in only.split(",") if word.strip()]
    if wrong := [word for word in chosen if word not in KINDS]:
        raise UsageError(f"--only {wrong[0]!a}: there are {', '.join(KINDS)}")
    return [kind for kind in KINDS if not chosen or kind in chosen]


def _window(options: argparse.Namespace) -> Window:
    now = datetime.now(UTC).replace(microsecond=0)
    until = instant_of(options.until, "--until", now) if options.until else now - _LATEST
    since = instant_of(options.since, "--since", now)
    if since >= until:
        raise UsageError("--since: lies after the end of what is compared")
    return Window(since, until)


def _host(options: argparse.Namespace, settings: Settings) -> CodeHost:
    system = _SYSTEMS[options.system]
    given = options.repository or str(job_of(os.environ).facts.get("repository", ""))
    match = _REPOSITORY.fullmatch(clean_repository(given))
    if match is None:
        raise UsageError("--repository: expected an address such as https://github.com/acme/shop")
    token = os.environ.get(system.token, "").strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(f"{system.token}: holds characters that no token has")
    url = split_url(options.api, "--api")[0] or system.api_of(match[1])
    return system.make(HostApi(url, token, settings.timeout_s, system.headers), match[2])


def _send(data: dict[str, Any], settings: Settings, *, quiet: bool) -> int:
    job = job_of(os.environ)
    source = source_of(settings, job)
    event = build_event(Form("reconciliation.finished"), data, job, source)
    delivery = delivery_of(settings)
    sent, status = attempt(
        delivery, delivery.event(encode(event), event["id"], "reconciliation.finished")
    )
    if sent is not None and not quiet:
        say(f"recorded reconciliation.finished at position {sent.answer.get('position')}")
    return status


def _show(data: dict[str, Any], found: Comparison) -> None:
    say(f"{data['repository']} from {data['since']} until {data['until']}")
    for kind, count in found.population.items():
        gone = [sum(kind == one for one, _ in found.missing[side]) for side in (LEDGER, SOURCE)]
        said = f"{gone[0]} missing in the ledger, {gone[1]} only in the ledger"
        say(f"  {kind + 's':<12} {count:>6}: {said if any(gone) else 'all in both'}")
    for side, what in ((LEDGER, "the ledger has not"), (SOURCE, "the code host has not")):
        for kind, identity in found.missing[side][:_SHOWN]:
            say(f"  {what}: {kind} {identity}")
        if (more := len(found.missing[side]) - _SHOWN) > 0:
            say(f"  {what}: {more} more")
    if found.missing[LEDGER]:
        warn(
            "what is missing never arrived: does the webhook deliver (source list)? Commits of "
            "before it are taken by `pipeledger import git`"
        )
