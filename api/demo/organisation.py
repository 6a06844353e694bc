"""A plausible organisation: what its teams, tools and outages do in a quarter."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from api.demo import files, hub
from api.demo.hub import Person

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

SERVICES: Final = {
    "payments": ("checkout", "ledger-sync", "refunds"),
    "catalogue": ("search", "inventory"),
    "platform": ("identity", "gateway", "notifications"),
}
DAYS: Final = 90
_DELIVERS: Final = 0.4
"""Share of days on which a service is delivered."""
_RED: Final = 0.1
"""Share of deliveries whose first commit fails its tests."""
_BREAKS: Final = 0.06
"""Share of deliveries that break production."""


PEOPLE: Final = (
    Person("mchen", "m.chen@example.com", "Mei Chen"),
    Person("asingh", "a.singh@example.com", "Arjun Singh"),
    Person("lrossi", "l.rossi@example.com", "Lucia Rossi"),
    Person("tokafor", "t.okafor@example.com", "Tobe Okafor"),
)


class Webhook(NamedTuple):
    """What the code host delivers.

    Attributes:
        kind: of event.
        body: as it is sent.
    """

    kind: str
    body: bytes


class Report(NamedTuple):
    """A file that a tool wrote in a job.

    Attributes:
        tool: which one.
        body: of the file.
        context: what the job knows.
    """

    tool: str
    body: bytes
    context: dict[str, str]


class Emitted(NamedTuple):
    """What a job sends by itself.

    Attributes:
        event: CloudEvent as an object.
    """

    event: dict[str, Any]


Sent = Webhook | Report | Emitted


class Organisation:
    """Makes a quarter, the same for the same seed and end."""

    def __init__(self, seed: int, until: datetime) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - a plausible history, no secret
        self._until = until
        self._number = 0
        self._live: dict[str, dict[str, Any]] = {}

    def quarter(self) -> Iterator[Sent]:
        """Everything that happened, oldest first within each service's day."""
        # The last delivery takes hours; all of it is to be over by then.
        begin = self._until - timedelta(days=DAYS + 1)
        names = [name for team in SERVICES.values() for name in team]
        for day in range(DAYS):
            for service in names:
                if self._chance.random() < _DELIVERS:
                    minute = timedelta(days=day, minutes=self._chance.randrange(480, 1080))
                    yield from self._delivery(service, begin + minute)
        yield from self._failover(begin + timedelta(days=60, hours=3))

    def _delivery(self, service: str, at: datetime) -> Iterator[Sent]:
        author, reviewer = self._chance.sample(PEOPLE, 2)
        self._number += 1
        number = self._number
        if self._chance.random() < _RED:
            yield from self._commit(service, number, author, at - timedelta(hours=2), failures=2)
        built = yield from self._commit(service, number, author, at, failures=0)
        head = built["commit"]
        agreed = at + self._minutes(20, 240)
        merged = agreed + self._minutes(5, 120)
        yield Webhook(
            "pull_request_review",
            hub.encode(hub.review(service, number, head, author, reviewer, agreed)),
        )
        yield Webhook(
            "pull_request", hub.encode(hub.merge(service, number, head, author, reviewer, merged))
        )
        broken = self._chance.random() < _BREAKS
        staged = merged + self._minutes(10, 40)
        yield from self._deployment(built, "staging", staged, broken=False)
        live = staged + self._minutes(30, 600)
        yield from self._deployment(built, "production", live, broken=broken)

    def _commit(
        self, service: str, number: int, author: Person, at: datetime, *, failures: int
    ) -> Generator[Sent, None, dict[str, Any]]:
        """A commit's way through its pipeline; gives what was built."""
        commit = self._hex(40)
        message = f"{service}: change {number}"
        yield Webhook("push", hub.encode(hub.push(service, author, commit, message, at)))
        self._number += 1
        run, repository = str(7000 + self._number), hub.repository(service)
        told = {"service": service, "repository": repository, "commit": commit, "run": run}
        tested, scanned = at + timedelta(minutes=14), at + timedelta(minutes=15)
        for kind in ("unit", "integration"):
            report = files.junit(self._chance, tested, failures)
            yield Report("pytest", report, told | {"kind": kind})
        yield Report("Semgrep", files.sarif(self._chance, scanned, commit, repository), told)
        built: dict[str, Any] = dict(told)
        artifact = {"digest": f"sha256:{self._hex(64)}"}
        made: dict[str, Any] = {"outcome": "success", "artifacts": [artifact]}
        ended = {"outcome": "failure"} if failures else made
        data = built | ended | {"duration_s": 960.0}
        yield self._event("build.finished", at + timedelta(minutes=16), repository, data)
        return built | {"artifact": artifact}

    def _deployment(
        self, built: dict[str, Any], environment: str, at: datetime, *, broken: bool
    ) -> Iterator[Sent]:
        source = "https://deploy.example/acme"
        name = f"d-{self._number}-{environment}"
        data = built | {"deployment": name, "environment": environment, "kind": "planned"}
        yield self._event("deployment.started", at, source, data)
        yield self._event("deployment.finished", at + timedelta(minutes=4), source, data | {
            "outcome": "success", "duration_s": 240.0,
        })  # fmt: skip
        before = self._live.get(str(built["service"]), built)
        if not broken:
            if environment == "production":
                self._live[str(built["service"])] = built
            return
        incident = f"INC-{self._number}"
        service = str(built["service"])
        page = {"incident": incident, "service": service, "environment": environment}
        pager = "https://pager.example/acme"
        noticed = at + self._minutes(6, 60)
        yield self._event("incident.opened", noticed, pager, page | {
            "severity": "high", "category": "availability", "caused_by": name,
            "description": f"{service} answers with errors",
        })  # fmt: skip
        back = data | before | {
            "deployment": f"{name}-back", "kind": "rollback", "rolls_back": name,
        }  # fmt: skip
        undone = noticed + self._minutes(8, 90)
        yield self._event("deployment.finished", undone, source, back | {
            "outcome": "success",
        })  # fmt: skip
        yield self._event("incident.restored", undone + timedelta(minutes=3), pager, page)

    def _failover(self, at: datetime) -> Iterator[Sent]:
        data = {
            "recovery": "rec-1", "service": "gateway", "environment": "production",
            "from_site": "eu-west", "to_site": "eu-north", "planned": True, "rto_wanted_s": 900,
        }  # fmt: skip
        source = "https://recovery.example/acme"
        yield self._event("failover.started", at, source, data)
        yield self._event("failover.finished", at + timedelta(minutes=7), source, data | {
            "outcome": "success", "rto_reached_s": 420, "data_loss": False,
        })  # fmt: skip

    def _event(self, kind: str, at: datetime, source: str, data: dict[str, Any]) -> Emitted:
        self._number += 1
        when = at.isoformat(timespec="seconds").replace("+00:00", "Z")
        return Emitted({
            "specversion": "1.0", "id": f"demo-{self._number}", "source": source,
            "type": f"pipeledger.{kind}.v1", "time": when, "data": data,
        })  # fmt: skip

    def _minutes(self, least: int, most: int) -> timedelta:
        return timedelta(minutes=self._chance.randint(least, most))

    def _hex(self, digits: int) -> str:
        return f"{self._chance.getrandbits(4 * digits):0{digits}x}"
