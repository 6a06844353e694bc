"""`pipeledger snapshot`: what really runs in an environment."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from pipeledger.ci import job_of
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
from pipeledger.errors import UnseenError, UsageError
from pipeledger.event import build_event, encode
from pipeledger.runtime import argocd, docker, ecs, kubernetes
from pipeledger.runtime.asking import read
from pipeledger.runtime.workload import Runtime, rows_of
from pipeledger.words import Form, check_instant

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

_EPILOG = """\
Asks the tool that the caller has, with the caller's own credentials: kubectl get pods, argocd app
list, docker inspect, aws ecs describe-tasks. --from reads what such a tool printed before. Images,
digests, counts and names are taken from it, and nothing else is sent.

`complete` is said only where everything was listed: by kubectl, docker and aws. Argo CD leaves out
silently what the caller may not see, and a file does not tell what is missing: --complete says so.

Exit status: 0 taken (and recorded, or kept for later), 1 not delivered and strict, 2 not taken.

  pipeledger snapshot kubernetes production --namespace shop
  kubectl get pods -A -o json | pipeledger snapshot kubernetes production --from -
"""
MAX_ROWS = 10_000
MAX_EVENT = 1_000_000
"""Most bytes of one event; the ledger takes a little more."""
_TOOLS = {"kubernetes": "kubectl", "argocd": "argocd", "docker": "docker", "ecs": "aws"}
_OPTIONS = {
    "namespace": ("kubernetes",),
    "context": ("kubernetes", "docker"),
    "project": ("argocd",),
    "cluster": ("ecs",),
    "service_label": ("kubernetes", "argocd", "docker"),
}
"""Options that not every system has."""
_READ: Mapping[str, Callable[[Any, Sequence[str]], Runtime]] = {
    "kubernetes": kubernetes.seen_in,
    "argocd": argocd.seen_in,
    "docker": docker.seen_in,
    "ecs": lambda document, _: ecs.seen_in(document),
}
_LOOK: Mapping[str, Callable[[argparse.Namespace, Sequence[str]], Runtime]] = {
    "kubernetes": lambda said, labels: kubernetes.look(said.namespace or (), said.context, labels),
    "argocd": lambda said, labels: argocd.look(said.project or (), labels),
    "docker": lambda said, labels: docker.look(said.context, labels),
    "ecs": lambda said, _: ecs.look(said.cluster or ()),
}


def main(words: Sequence[str]) -> int:
    """Take a snapshot and send it; the exit status."""
    parser = parser_of("snapshot", "Send what really runs in an environment.", _EPILOG)
    parser.add_argument("system", choices=sorted(_TOOLS))
    parser.add_argument("environment", metavar="ENVIRONMENT")
    parser.add_argument("--from", dest="place", metavar="FILE|-", help="what the tool printed")
    parser.add_argument(
        "--namespace", action="append", help="kubernetes: only this one; repeatable"
    )
    parser.add_argument("--context", default="", help="kubernetes, docker: of the tool's settings")
    parser.add_argument("--project", action="append", help="argocd: only this one; repeatable")
    parser.add_argument("--cluster", action="append", help="ecs: only this one; repeatable")
    parser.add_argument("--service-label", action="append", metavar="KEY", help="tells the service")
    parser.add_argument("--site", default="", help="region, cluster or host, where not told")
    parser.add_argument("--complete", action="store_true", help="you know that all was listed")
    parser.add_argument("--at", metavar="TIME", help="when it was, with --from (now)")
    parser.add_argument("--json", action="store_true", help="print the receipt as JSON")
    add_delivery_options(parser)
    options = parser.parse_args(list(words))
    _check(options)
    settings = settings_of(options)
    runtime = _look(options)
    job = job_of(os.environ)
    event = build_event(
        Form("runtime.snapshot"), _data(options, runtime), job,
        source_of(settings, job), at=options.at,
    )  # fmt: skip
    body = encode(event)
    rows = event["data"]["running"]
    if len(rows) > MAX_ROWS or len(body) > MAX_EVENT:
        raise UnseenError(f"{len(rows)} workloads are too many for one event: take it in parts")
    if not options.json:
        _show(options, rows)
    delivery = delivery_of(settings)
    sent, status = attempt(delivery, delivery.event(body, event["id"], "runtime.snapshot"))
    if sent is not None:
        position = sent.answer.get("position")
        said = f"recorded runtime.snapshot at position {position} (id {event['id']})"
        say(json.dumps(sent.answer) if options.json else said)
    return status


def _check(options: argparse.Namespace) -> None:
    for name, systems in _OPTIONS.items():
        if getattr(options, name) and options.system not in systems:
            raise UsageError(f"--{name.replace('_', '-')} is not for {options.system}")
    if options.place and (options.namespace or options.context or options.project
                          or options.cluster):  # fmt: skip
        raise UsageError("--from reads what was listed before: it cannot be narrowed down")
    if options.at and not options.place:
        raise UsageError("--at is for --from: what is asked now is true now")
    if options.at:
        check_instant(options.at)


def _look(options: argparse.Namespace) -> Runtime:
    labels = options.service_label or ()
    if options.place:
        return _READ[options.system](read(options.place), labels)
    return _LOOK[options.system](options, labels)


def _data(options: argparse.Namespace, runtime: Runtime) -> dict[str, Any]:
    # What is known to be cut off is not made whole by saying so.
    complete = True if options.complete and runtime.complete is None else runtime.complete
    data = {
        "environment": options.environment,
        "system": options.system,
        "tool": _TOOLS[options.system],
        "running": rows_of(runtime.seen, options.site),
        "complete": complete,
        "namespaces": options.namespace or options.project or options.cluster,
    }
    return {name: value for name, value in data.items() if value is not None}


def _show(options: argparse.Namespace, rows: list[dict[str, Any]]) -> None:
    total = sum(row.get("replicas", 0) for row in rows)
    count = f", {total} running" if any("replicas" in row for row in rows) else ""
    say(f"{options.environment}, {options.system}: {len(rows)} workloads{count}")
    for row in rows:
        where = "/".join(row[name] for name in ("site", "namespace") if name in row)
        what = row.get("image", "no image told")
        if "digest" in row:
            what = f"{what.partition('@')[0]} {row['digest'][:19]}…"
        times = f"{row['replicas']} x " if "replicas" in row else ""
        say(f"  {row['service']:<24} {times}{what}{f'  in {where}' if where else ''}")
    if not rows:
        warn("nothing runs there, as far as was listed")
