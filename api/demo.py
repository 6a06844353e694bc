"""One organisation's quarter of deliveries, sent through the real interfaces.

A seeded generator makes teams, services, builds, tests, scans, deployments, a rollback, a hotfix,
an incident and a failover; the client's command and the bulk door carry them to a server of its
own, which is then verified from outside.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

import urllib3

from domain.errors import PipeledgerError, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICES: Final = {
    "payments": ("checkout", "ledger-sync", "refunds"),
    "catalogue": ("search", "inventory"),
    "platform": ("identity", "gateway", "notifications"),
}
PEOPLE: Final = (
    ("mchen", "m.chen@example.com", "Mei Chen"),
    ("asingh", "a.singh@example.com", "Arjun Singh"),
    ("lrossi", "l.rossi@example.com", "Lucia Rossi"),
    ("tokafor", "t.okafor@example.com", "Tobe Okafor"),
)
DAYS: Final = 90
_BATCH: Final = 500
_START_LIMIT_S: Final = 120.0


class Organisation:
    """Makes events of a quarter, the same for the same seed and end."""

    def __init__(self, seed: int, until: datetime) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - a plausible history, no secret
        self._until = until
        self._number = 0

    def events(self) -> Iterator[dict[str, Any]]:
        """Everything that happened, oldest first within each service's day."""
        begin = self._until - timedelta(days=DAYS)
        names = [name for team in SERVICES.values() for name in team]
        for day in range(DAYS):
            for service in names:
                if self._chance.random() < 0.4:  # noqa: PLR2004 - two deliveries a week and service
                    minute = timedelta(days=day, minutes=self._chance.randrange(480, 1080))
                    yield from self._delivery(service, begin + minute)
        yield from self._failover(begin + timedelta(days=60, hours=3))

    def _delivery(self, service: str, at: datetime) -> Iterator[dict[str, Any]]:
        repository = f"https://code.example/acme/{service}"
        author, reviewer = self._chance.sample(PEOPLE, 2)
        commit = self._hex(40)
        base: dict[str, Any] = {"repository": repository, "commit": commit, "service": service}
        digest = {"digest": f"sha256:{self._hex(64)}"}
        number = self._number
        yield self._event("commit.pushed", at, repository, base | {
            "authors": [_person(author)], "message": f"{service}: change {number}",
            "committed_at": _time(at),
        })  # fmt: skip
        change = base | {"number": number, "author": _person(author), "head": commit}
        yield self._event("change.reviewed", at + timedelta(hours=1), repository, change | {
            "reviewer": _person(reviewer), "verdict": "approved", "reviewed": commit,
            "comment": "Looks right to me.",
        })  # fmt: skip
        yield self._event("change.merged", at + timedelta(hours=2), repository, change | {
            "merged_by": _person(reviewer), "merge_commit": commit, "method": "squash",
        })  # fmt: skip
        runner = "https://ci.example/acme"
        built = base | {"artifact": digest, "run": str(7000 + number)}
        broken = self._chance.random() < 0.06  # noqa: PLR2004 - six in a hundred
        yield self._event("build.finished", at + timedelta(hours=2, minutes=6), runner, built | {
            "outcome": "success", "artifacts": [digest], "duration_s": 210.0,
        })  # fmt: skip
        yield self._event("tests.finished", at + timedelta(hours=2, minutes=14), runner, built | {
            "outcome": "success", "kind": "integration", "counts": {"passed": 412, "skipped": 3},
        })  # fmt: skip
        yield self._event("scan.finished", at + timedelta(hours=2, minutes=15), runner, built | {
            "outcome": "success", "kind": "container", "tool": "trivy",
            "counts": {"high": self._chance.randrange(3), "medium": self._chance.randrange(9)},
        })  # fmt: skip
        for minutes, environment in ((20, "staging"), (95, "production")):
            later = at + timedelta(hours=2, minutes=minutes)
            fails = broken and environment == "production"
            yield from self._deployment(built, environment, later, broken=fails)

    def _deployment(
        self, built: dict[str, Any], environment: str, at: datetime, *, broken: bool
    ) -> Iterator[dict[str, Any]]:
        source = "https://deploy.example/acme"
        name = f"d-{self._number}"
        data = built | {"deployment": name, "environment": environment, "kind": "planned"}
        yield self._event("deployment.started", at, source, data)
        yield self._event("deployment.finished", at + timedelta(minutes=4), source, data | {
            "outcome": "success", "duration_s": 240.0,
        })  # fmt: skip
        if not broken:
            return
        incident = f"INC-{self._number}"
        service = str(built["service"])
        page = {"incident": incident, "service": service, "environment": environment}
        pager = "https://pager.example/acme"
        yield self._event("incident.opened", at + timedelta(minutes=19), pager, page | {
            "severity": "high", "category": "availability", "caused_by": name,
            "description": f"{service} answers with errors",
        })  # fmt: skip
        back = data | {"deployment": f"{name}-back", "kind": "rollback", "rolls_back": name}
        yield self._event("deployment.finished", at + timedelta(minutes=41), source, back | {
            "outcome": "success", "artifact": {"digest": f"sha256:{self._hex(64)}"},
        })  # fmt: skip
        yield self._event("incident.restored", at + timedelta(minutes=44), pager, page)

    def _failover(self, at: datetime) -> Iterator[dict[str, Any]]:
        data = {
            "recovery": "rec-1", "service": "gateway", "environment": "production",
            "from_site": "eu-west", "to_site": "eu-north", "planned": True, "rto_wanted_s": 900,
        }  # fmt: skip
        source = "https://recovery.example/acme"
        yield self._event("failover.started", at, source, data)
        yield self._event("failover.finished", at + timedelta(minutes=7), source, data | {
            "outcome": "success", "rto_reached_s": 420, "data_loss": False,
        })  # fmt: skip

    def _event(self, kind: str, at: datetime, source: str, data: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        return {
            "specversion": "1.0",
            "id": f"demo-{self._number}",
            "source": source,
            "type": f"pipeledger.{kind}.v1",
            "time": _time(min(at, self._until)),
            "data": data,
        }

    def _hex(self, digits: int) -> str:
        return f"{self._chance.getrandbits(4 * digits):0{digits}x}"


class _Server:
    """A server process and what it printed."""

    def __init__(self, data: Path, port: int) -> None:
        command = [_beside("pipeledger-server"), "serve", "--data", str(data), "--port", str(port)]
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._found: dict[str, str] = {}
        self._ready = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        if not self._ready.wait(_START_LIMIT_S) or "url" not in self._found:
            self.process.kill()
            raise SettingError(f"the demo's server did not start: {self._found.get('last', '')}")

    def __getitem__(self, name: str) -> str:
        return self._found.get(name, "")

    def _read(self) -> None:
        for line in self.process.stdout or ():
            words = line.split()
            self._found["last"] = line.strip()
            if words[:1] == ["fingerprint"]:
                self._found["fingerprint"] = words[1]
            elif words[:2] == ["listening", "on"]:
                self._found["url"] = words[2]
            elif line.strip().startswith("export PIPELEDGER_TOKEN="):
                self._found["token"] = words[1].partition("=")[2]
            if "url" in self._found and ("token" in self._found or not line.strip()):
                self._ready.set()
        self._ready.set()

    def stop(self) -> None:
        """End it as an operator would."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


def run_demo(data: Path | None, port: int, now: datetime, out: TextIO, *, stay: bool) -> int:
    """Run the whole demo.

    Args:
        data: where to keep it; None: thrown away afterwards.
        port: where to listen.
        now: the end of the quarter.
        out: where to tell of it.
        stay: keep the server up until interrupted.

    Returns:
        Exit status: 0 if the ledger verified and the damaged copy was refused.

    Raises:
        SettingError: the server did not start, or the data folder holds a ledger already.
    """
    if data is not None and data.exists():
        raise SettingError(f"{data} is there already; the demo wants a new folder")
    scratch = Path(tempfile.mkdtemp(prefix="pipeledger-demo-"))
    # A service account of the database must be able to pass through.
    scratch.chmod(0o711)
    server = None
    try:
        server = _Server((data or scratch / "data").absolute(), port)
        status = _show(server, scratch, now, out)
        if stay and status == 0:
            out.write(f"\nThe server stays up at {server['url']} until you press Ctrl-C.\n")
            out.flush()
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
        return status
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(scratch, ignore_errors=True)


def _show(server: _Server, scratch: Path, now: datetime, out: TextIO) -> int:
    tell = _Teller(out)
    tell.step("A server with its own PostgreSQL is up", server["url"])
    base = f"{server['url']}/v1/default"
    events = list(Organisation(7, now).events())
    http = urllib3.PoolManager(headers={"Authorization": f"Bearer {server['token']}"})
    kept = 0
    for start in range(0, len(events), _BATCH):
        body = "\n".join(json.dumps(event) for event in events[start : start + _BATCH])
        answer = http.request(
            "POST", f"{base}/events", body=body.encode(),
            headers={**http.headers, "Content-Type": "application/x-ndjson"},
        )  # fmt: skip
        lines = answer.json().get("receipts", [])
        kept += sum(line["status"] == 201 for line in lines)  # noqa: PLR2004 - created
    if kept != len(events):
        raise PipeledgerError(f"the server kept {kept} of {len(events)} events")
    tell.step("A quarter of deliveries was sent", f"{kept} events, each answered with a receipt")
    counts = Counter(event["type"].split(".", 1)[1].removesuffix(".v1") for event in events)
    for kind, number in counts.most_common():
        tell.line(f"{number:6}  {kind}")

    client = _Client(server, scratch)
    said = client("run", "deployment", "deployment=demo-live", "service=checkout",
                  "environment=production", "--", "true")  # fmt: skip
    said += client("emit", "rollback", "deployment=demo-back", "rolls_back=demo-live",
                   "service=checkout", "environment=production", "outcome=success",
                   "actor=mchen", "reason=Totals were wrong")  # fmt: skip
    tell.step("The client sent a watched command and a rollback", said.strip())

    stream = "line/checkout@production"
    found = http.request("GET", f"{base}/streams/{stream}").json()["entries"]
    tell.step(f"The stream {stream}", f"{len(found)} events, numbered without gaps; the last:")
    for entry in found[-4:]:
        tell.line(f"#{entry['number']:<4} position {entry['position']:<6} {entry['type']}")

    client("trust", "add", server["url"], "--fingerprint", server["fingerprint"])
    tell.step("The whole ledger, verified by the client's own code",
              client("verify", server["url"]).strip())  # fmt: skip

    position = found[-1]["position"]
    bundle = http.request(
        "GET", f"{base}/entries/{position}/proof",
        headers={**http.headers, "Accept": "application/vnd.pipeledger.proof+json"},
    ).data  # fmt: skip
    saved = scratch / "entry.pipeledger.json"
    saved.write_bytes(bundle)
    tell.step("One entry, downloaded, verified offline", client("verify", str(saved)).strip())
    damaged = json.loads(bundle)
    damaged["parts"][0]["bytes"] = "e30="
    saved.write_text(json.dumps(damaged))
    refusal = client("verify", str(saved), expected=1)
    tell.step("A damaged copy of it is refused", refusal.strip())
    return 0


class _Client:
    """The `pipeledger` command, with files of its own."""

    def __init__(self, server: _Server, home: Path) -> None:
        self._environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(home),
            "PIPELEDGER_URL": server["url"],
            "PIPELEDGER_TOKEN": server["token"],
        }

    def __call__(self, *words: str, expected: int = 0) -> str:
        """What the command printed.

        Raises:
            PipeledgerError: another exit status than expected.
        """
        done = subprocess.run(  # noqa: S603 - our own command
            [_beside("pipeledger"), *words],
            env=self._environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != expected:
            raise PipeledgerError(f"pipeledger {words[0]} gave {done.returncode}: {done.stderr}")
        return done.stdout or done.stderr


class _Teller:
    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._number = 0

    def step(self, what: str, detail: str) -> None:
        self._number += 1
        self._out.write(f"\n{self._number}. {what}\n")
        for line in detail.splitlines():
            self.line(line)

    def line(self, text: str) -> None:
        self._out.write(f"   {text}\n")
        self._out.flush()


def _beside(name: str) -> str:
    """A command of the environment this runs in."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise SettingError(f"the command {name} is not installed beside this one")
    return str(path)


def _person(person: tuple[str, str, str]) -> dict[str, str]:
    login, email, name = person
    return {"system": "code.example", "login": login, "email": email, "name": name}


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
