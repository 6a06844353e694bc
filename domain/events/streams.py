"""Which streams and tags an event has: derived from its type and data, never chosen by senders.

The tables are those of `docs/events.md`. Persons are taken out before (`domain.people`), so that
no name gets into a stream or tag.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from domain.events.registry import TYPES, Door
from domain.log.context import MAX_STREAMS, MAX_TAGS
from domain.log.names import short_hash, stream_component, tag

if TYPE_CHECKING:
    from domain.event import Event

Rule = Callable[["Event"], Iterator[str]]


def streams_of(event: Event) -> tuple[str, ...]:
    """The event's streams, in the order of the table, at most four."""
    family = event.type.split(".")[1]
    unique = dict.fromkeys(_BY_FAMILY[family](event))
    return tuple(unique)[:MAX_STREAMS]


def tags_of(event: Event) -> tuple[str, ...]:
    """The event's tags, sorted and unique."""
    data = event.data
    found = {tag(kind, value) for kind in _TAGS if isinstance(value := data.get(kind), str)}
    if event.type.startswith(_OF_CHANGES):
        # A change is known by its head and its merge, whichever the sender calls its commit.
        found |= {tag("commit", data[name]) for name in _COMMITS if data.get(name) is not None}
    if TYPES[event.type].door is not Door.EMIT:
        # Of what was sent, an unknown field of such a name would pass for the ledger's word.
        found |= {tag(kind, str(at)) for kind in _ENTRIES if (at := data.get(kind)) is not None}
    listed = dict.fromkeys(tag("artifact", digest) for digest in _digests(data))
    if event.type.startswith(_OF_SUBJECTS):
        listed |= dict.fromkeys(_subjects(data))
    # What does not fit in is found by its line or run.
    for one in listed:
        if len(found) < MAX_TAGS:
            found.add(one)
    return tuple(sorted(found))


_TAGS: Final = ("service", "environment", "repository", "commit", "release", "run", "ticket")
_ENTRIES: Final = ("position", "proposal")
"""Fields by which the ledger's own events speak of another entry."""
_OF_CHANGES: Final = "pipeledger.change."
_COMMITS: Final = ("head", "merge_commit")
_OF_SUBJECTS: Final = ("pipeledger.approval.", "pipeledger.emergency.")


def _digests(data: dict[str, Any]) -> Iterator[str]:
    """The artifact that an event is about, and those that it lists."""
    several = data.get("artifacts")
    for one in (data.get("artifact"), *(several if isinstance(several, list) else ())):
        if isinstance(one, dict) and isinstance(digest := one.get("digest"), str):
            yield digest


def _subjects(data: dict[str, Any]) -> Iterator[str]:
    for one in data.get("subjects") or ():
        if one["kind"] == "artifact" and one.get("digest") is not None:
            yield tag("artifact", one["digest"])
        for kind in ("commit", "release"):
            if one.get(kind) is not None:
                yield tag(kind, one[kind])


def _text(event: Event, field: str) -> str | None:
    value: Any = event.data.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and value else None


def _at_source(kind: str, field: str) -> Rule:
    """`kind/h(source).id`."""

    def rule(event: Event) -> Iterator[str]:
        value = _text(event, field)
        if value is not None:
            yield f"{kind}/{short_hash(event.source)}.{stream_component(value)}"

    return rule


def _plain(kind: str, *fields: str) -> Rule:
    """`kind/a.b`."""

    def rule(event: Event) -> Iterator[str]:
        values = [_text(event, field) for field in fields]
        if None not in values:
            yield f"{kind}/{'.'.join(stream_component(str(value)) for value in values)}"

    return rule


def _in_repository(kind: str, field: str) -> Rule:
    """`kind/h(repository).name`."""

    def rule(event: Event) -> Iterator[str]:
        repository, value = _text(event, "repository"), _text(event, field)
        if repository is not None and value is not None:
            yield f"{kind}/{short_hash(repository)}.{stream_component(value)}"

    return rule


def _hashed(kind: str, field: str) -> Rule:
    """`kind/h(field)`."""

    def rule(event: Event) -> Iterator[str]:
        value = _text(event, field)
        if value is not None:
            yield f"{kind}/{short_hash(value)}"

    return rule


def _line(event: Event) -> Iterator[str]:
    service, environment = _text(event, "service"), _text(event, "environment")
    if service is not None and environment is not None:
        yield f"line/{stream_component(service)}@{stream_component(environment)}"


def _release(event: Event) -> Iterator[str]:
    service = _text(event, "service")
    version = _text(event, "version") if event.type.endswith("release.created") else None
    version = version or _text(event, "release")
    if service is not None and version is not None:
        yield f"release/{stream_component(service)}@{stream_component(version)}"


def _artifacts(event: Event) -> Iterator[str]:
    for digest in _digests(event.data):
        yield f"artifact/{stream_component(digest)}"
        return


def _subject(event: Event) -> Iterator[str]:
    """What was tested: the artifact, else the commit, else the run, else the service."""
    for rule in (
        _artifacts,
        _plain("commit", "commit"),
        _at_source("run", "run"),
        _plain("service", "service"),
    ):
        found = next(rule(event), None)
        if found is not None:
            yield found
            return


def _persons(event: Event) -> Iterator[str]:
    yield from _plain("person", "person")(event)
    yield from _plain("person", "other")(event)


def _ledger(_: Event) -> Iterator[str]:
    yield "ledger"


def _all(*rules: Rule) -> Rule:
    def rule(event: Event) -> Iterator[str]:
        for one in rules:
            yield from one(event)

    return rule


_deployment: Final = _all(_at_source("deployment", "deployment"), _line, _release)
_run: Final = _at_source("run", "run")
_evidence: Final = _plain("evidence", "evidence")
_credential: Final = _plain("credential", "credential")
_environment: Final = _plain("environment", "environment")
_recovery: Final = _at_source("recovery", "recovery")
_alert: Final = _at_source("alert", "fingerprint")
_policy: Final = _plain("policy", "policy")

_BY_FAMILY: Final[dict[str, Rule]] = {
    "deployment": _deployment,
    "database": _deployment,
    "flag": _deployment,
    "release": _release,
    "ref": _in_repository("ref", "ref"),
    "protection": _in_repository("ref", "ref"),
    "change": _in_repository("change", "number"),
    "commit": _plain("commit", "commit"),
    "pipeline": _run,
    "task": _run,
    "build": _all(_run, _artifacts),
    "artifact": _artifacts,
    "attestation": _artifacts,
    "tests": _subject,
    "scan": _subject,
    "quality": _subject,
    "coverage": _subject,
    "approval": _plain("approval", "approval"),
    "waiver": _plain("waiver", "waiver"),
    "gate": _plain("gate", "gate"),
    "freeze": _plain("freeze", "freeze"),
    "emergency": _plain("emergency", "emergency"),
    "policy": _policy,
    "admission": _policy,
    "incident": _at_source("incident", "incident"),
    "breach": _at_source("incident", "incident"),
    "failover": _recovery,
    "replication": _recovery,
    "backup": _recovery,
    "restore": _recovery,
    "drill": _recovery,
    "infrastructure": _environment,
    "config": _environment,
    "environment": _environment,
    "runtime": _environment,
    "service": _plain("service", "service"),
    "ticket": _plain("ticket", "system", "key"),
    "secret": _hashed("secret", "path"),
    "access": _hashed("access", "target"),
    "login": _hashed("access", "target"),
    "alert": _alert,
    "threat": _alert,
    "control": _plain("control", "framework", "control"),
    "deficiency": _plain("control", "framework", "control"),
    "evidence": _evidence,
    "reconciliation": _evidence,
    "hold": _evidence,
    "record": _evidence,
    "person": _persons,
    "erasure": _persons,
    "source": _plain("source", "name"),
    "key": _credential,
    "token": _credential,
    "ledger": _ledger,
    "event": _ledger,
    "command": _ledger,
    "part": _ledger,
    "checkpoint": _ledger,
    "clock": _ledger,
}
