"""What the rules speak of, in plain Python: deployments, their reports, incidents."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

Event = dict[str, Any]
BEGUN: Final = "pipeledger.deployment.started.v1"
ALWAYS: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(kw_only=True)
class Report:
    """One end of an attempt of a deployment, or of a component of it."""

    position: int
    at: datetime
    succeeded: bool
    impact: bool | None
    attempt: int
    component: str | None
    repository: str | None
    artifacts: tuple[str, ...]
    config: str | None
    commit: str | None
    commits: list[str]


@dataclass(kw_only=True)
class Deployment:
    """One deployment of one source on one line."""

    line: tuple[str, str]
    source: str
    name: str
    reports: list[Report]
    events: list[Event]
    stated: str | None
    remediates: list[str]
    rolls_back: str | None
    restores: str | None
    assessed: list[Event]
    succeeded: bool = False
    finished: datetime = ALWAYS
    artifacts: tuple[str, ...] = ()
    config: str | None = None
    commit: str | None = None
    release: str | None = None
    repository: str | None = None
    counts: bool = False
    tier: str | None = None
    kind: str = "planned"
    replaced: str | None = None
    target: Deployment | None = None
    undone: Deployment | None = None
    remedied: list[Deployment] = field(default_factory=list)
    reasons: set[str] = field(default_factory=set)
    incidents: list[Incident] = field(default_factory=list)
    remedies: list[Deployment] = field(default_factory=list)
    failed_at: datetime | None = None
    recovered_at: datetime | None = None
    recovered_by: str = "open"

    @property
    def key(self) -> tuple[tuple[str, str], str, str]:
        """What it is told by."""
        return self.line, self.source, self.name

    @property
    def imported(self) -> bool:
        """All of it was told later."""
        return all(event["as"] == "imported" for event in self.events)

    @property
    def seen(self) -> int:
        """First position."""
        return min(int(event["position"]) for event in self.events)

    @property
    def place(self) -> tuple[datetime, int]:
        """Its place on the line."""
        return self.finished, max(one.position for one in self.reports)

    @property
    def harmed(self) -> datetime | None:
        """When an attempt first failed and changed the target."""
        return min((one.at for one in self.reports if one.impact), default=None)

    @property
    def unknown(self) -> bool:
        """An attempt failed and nobody says with what effect."""
        return any(not one.succeeded and one.impact is None for one in self.reports)

    @property
    def content(self) -> str | None:
        """What was deployed, to be compared."""
        return " ".join(self.artifacts) or self.commit or self.release

    @property
    def components(self) -> int:
        """How many components it has."""
        return len(components_of(self.reports))

    @property
    def exact(self) -> bool:
        """Whether that is more than the name of a version."""
        return bool(self.artifacts or self.commit)


@dataclass(kw_only=True)
class Incident:
    """One incident of one source."""

    source: str
    name: str
    services: set[str]
    environment: str | None
    cause: str | None
    caused_by: str | None
    started: datetime | None
    restored: datetime | None
    resolved: datetime | None
    ended: datetime | None
    impaired_s: float | None
    episodes: int
    positions: list[int]


def instant(text: str | None) -> datetime | None:
    """An instant of an event."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def least_of(instants: Iterable[datetime | None]) -> datetime | None:
    """The earliest of instants, as far as they are known."""
    return min((at for at in instants if at is not None), default=None)


def said_last(events: list[Event], name: str) -> Any:  # noqa: ANN401 - JSON
    """What the last of these events that tells it tells of a field; None: none does."""
    told = [event["data"][name] for event in events if event["data"].get(name) is not None]
    return told[-1] if told else None


def began(one: Deployment) -> datetime:
    """When a deployment began, or else ended."""
    told = [instant(event["data"].get("started_at")) for event in one.events]
    told += [instant(event["time"]) for event in one.events
             if event["type"] == BEGUN
             and event["data"].get("started_at") is None]  # fmt: skip
    return min((at for at in told if at is not None), default=one.finished)


def tier_by_name(environment: str) -> str | None:
    """What the name of an environment suggests."""
    word = re.split(r"[-_/. ]", environment.lower(), maxsplit=1)[0]
    known = {
        "production": ("prod", "production", "prd", "live"), "dr": ("dr", "standby"),
        "staging": ("stage", "staging", "stg", "uat", "preprod"),
        "test": ("test", "testing", "tst", "qa", "integration", "int", "ci"),
        "development": ("dev", "development", "local", "sandbox"),
        "preview": ("preview", "review", "pr", "ephemeral"),
    }  # fmt: skip
    return next((tier for tier, words in known.items() if word in words), None)


def artifacts_of(data: dict[str, Any]) -> tuple[str, ...]:
    """The artifacts that an event tells."""
    told = [*(data.get("artifacts") or ()), data.get("artifact") or {}]
    return tuple(sorted({one["digest"] for one in told if one.get("digest")}))


def reached_by(data: dict[str, Any]) -> bool | None:
    """Whether an event tells that the deployment reached a target."""
    if data.get("first_exposed_at"):
        return True
    targets = data.get("targets") or []
    stops = ("cancelled", "skipped")
    missed = [one for one in targets if one.get("outcome") in stops or one.get("share") == 0]
    for one in targets:
        moved = one.get("share", 0) > 0 and one.get("outcome") not in stops
        if one.get("outcome") == "success" or moved:
            return True
    return False if targets and len(missed) == len(targets) else None


def components_of(reports: list[Report]) -> list[list[Report]]:
    """The reports of each component of a deployment."""
    unnamed = [one for one in reports if one.component is None]
    attempts = {one.attempt for one in unnamed}
    by_repository = any(
        len({one.repository for one in unnamed if one.attempt == number} - {None}) > 1
        for number in attempts
    )
    by_content = any(
        len({one.artifacts for one in unnamed if one.attempt == number} - {()}) > 1
        for number in attempts
    )
    groups: dict[tuple[Any, ...], list[Report]] = {}
    for one in reports:
        key: tuple[Any, ...] = (one.component,)
        if one.component is None:
            key = (None, one.repository if by_repository else None,
                   one.artifacts if by_content else None)  # fmt: skip
        groups.setdefault(key, []).append(one)
    return list(groups.values())


Episode = tuple[datetime | None, datetime | None, datetime | None, datetime | None]
REOPENED: Final = "pipeledger.incident.reopened.v1"


def episodes_of(events: list[Event]) -> list[Episode]:
    """Start, restoration, resolution and end of each interval in which an incident impaired."""
    groups: list[list[Event]] = [[]]
    for event in sorted(events, key=lambda one: (instant(one["time"]), one["position"])):
        if event["type"] == REOPENED:
            groups.append([])
        groups[-1].append(event)
    found: list[Episode] = []
    for group in groups:
        if group:
            start = _restart(group[0], found) if group[0]["type"] == REOPENED else _start(events)
            restored = _last(group, "restored")
            resolved = _last(group, "resolved")
            found.append((start, restored, resolved, restored or resolved))
    for number, (start, restored, resolved, ended) in enumerate(found[:-1]):
        if ended is None:
            found[number] = (start, restored, resolved, found[number + 1][0])
    return found


def _start(events: list[Event]) -> datetime | None:
    rest = [one for one in events if one["type"] != REOPENED]
    opened = [instant(one["time"]) for one in rest if "opened" in one["type"]]
    return (
        instant(said_last(rest, "started_at"))
        or instant(said_last(rest, "detected_at"))
        or min((at for at in opened if at), default=None)
    )


def _restart(event: Event, before: list[Episode]) -> datetime | None:
    said = instant(event["data"].get("started_at"))
    end = (before[-1][1] or before[-1][2]) if before else None
    return said if said and end and said > end else instant(event["time"])


def _last(group: list[Event], what: str) -> datetime | None:
    told = [one for one in group if one["type"] == f"pipeledger.incident.{what}.v1"]
    told.sort(key=lambda one: int(one["position"]))
    return instant(told[-1]["data"].get(f"{what}_at") or told[-1]["time"]) if told else None
