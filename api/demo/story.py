"""Runs the demo and tells of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO
from urllib.parse import urlencode

import urllib3

from api.demo import hub
from api.demo.organisation import Emitted, Organisation, Report, Webhook
from api.demo.processes import Client, Server
from api.listening import HOST, take
from domain.errors import PipeledgerError, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from api.demo.organisation import Sent

_BATCH: Final = 500
_SEED: Final = 7
_CONTROL: Final = "SOX-ITGC/CM-02"
_RULES: Final = "max_ingest_delay_minutes = 200000\n"
"""Of the organisation's own catalogue: evidence of a quarter that is told at once is late."""
_INSTEAD: Final = "DEMO_PORT=8401 make demo, or demo --port 8401, takes another port"
_WIDE: Final = 150
_CREATED: Final = 201


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
        SettingError: the server did not start, its port is taken, or the data folder holds a
            ledger already.
    """
    if data is not None and data.exists():
        raise SettingError(f"{data} is there already; the demo wants a new folder")
    # Its server would say which of its own options chooses another, and the demo has no such.
    take(os.environ.get("PIPELEDGER_HOST") or HOST, port, _INSTEAD).close()
    scratch = Path(tempfile.mkdtemp(prefix="pipeledger-demo-"))
    # A service account of the database must be able to pass through.
    scratch.chmod(0o711)
    server = None
    try:
        controls = scratch / "controls"
        controls.mkdir()
        (controls / "settings.toml").write_text(_RULES, encoding="utf-8")
        server = Server((data or scratch / "data").absolute(), port, controls)
        status = _show(server, scratch, now, out)
        if stay and status == 0:
            out.write(
                f"\nThe console is at {server['url']}/ ; log in with the token\n"
                f"   {server['token']}\n"
                "The server stays up until you press Ctrl-C.\n"
            )
            out.flush()
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
        return status
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(scratch, ignore_errors=True)


def _show(server: Server, scratch: Path, now: datetime, out: TextIO) -> int:
    tell = _Teller(out)
    tell.step("A server with its own PostgreSQL is up", server["url"])
    sender = _Sender(server)
    sender.send(Organisation(_SEED, now).quarter())
    tell.step(
        "A quarter of deliveries came in by the tools' own ways",
        f"{sender.webhooks:6}  GitHub webhooks, signed\n"
        f"{sender.reports:6}  report files: {sender.tests} tests in JUnit XML, "
        f"{sender.findings} findings in SARIF\n"
        f"{sender.emitted:6}  events of CI jobs",
    )
    tell.step("They became facts, each answered with a receipt", "")
    for pair in _in_pairs(sender.kinds):
        tell.line("".join(f"{number:6}  {kind:24}" for kind, number in pair).rstrip())

    client = Client(server, scratch)
    said = client("run", "deployment", "deployment=demo-live", "service=checkout",
                  "environment=production", "--", "true")  # fmt: skip
    said += client("emit", "rollback", "deployment=demo-back", "rolls_back=demo-live",
                   "service=checkout", "environment=production", "outcome=success",
                   "actor=mchen", "reason=Totals were wrong")  # fmt: skip
    tell.step("The client sent a watched command and a rollback", said.strip())

    found = _page(server, "streams/line/checkout@production")["entries"]
    tell.step("The stream line/checkout@production",
              f"{len(found)} events, numbered without gaps; the last:")  # fmt: skip
    for entry in found[-3:]:
        tell.line(f"#{entry['number']:<4} position {entry['position']:<6} {entry['type']}")

    client("trust", "add", server["url"], "--fingerprint", server["fingerprint"])
    tell.step("What the quarter comes to", client("query", "dora").strip())
    tell.step("How long it took to restore", client("query", "mttr").strip())
    live = _page(server, "deployments?environment=production&order=newest&limit=40")
    name = next(
        row["deployment"]
        for row in live["tables"]["deployments"]
        if row["kind"] == "planned" and row["commit"]
    )
    tell.step("The line of one deployment, from commit on", client("trace", name).strip())
    said = client("query", "compliance", *_CONTROL.split("/")).strip()
    tell.step(
        "Evidence for one control, item by item",
        "The quarter was told in a minute, so this organisation's rules let late evidence count:\n"
        f"   {_RULES.strip()}\n\n{_begin(said)}",
    )
    tell.step("The whole ledger, verified by the client's own code",
              client("verify", server["url"]).strip())  # fmt: skip
    return _prove(server, client, scratch, found[-1]["position"], tell)


def _begin(said: str) -> str:
    """The tables of a control, and the first of its items."""
    head, mark, items = said.partition("\nItems")
    shown = [line[:_WIDE] for line in items.splitlines()[:5]]
    return f"{head.rstrip()}\n{mark}{chr(10).join(shown)}\n..." if mark else said


def _prove(
    server: Server, client: Client, scratch: Path, position: int, tell: _Teller
) -> int:  # fmt: skip
    headers = {"Authorization": f"Bearer {server['token']}",
               "Accept": "application/vnd.pipeledger.proof+json"}  # fmt: skip
    url = f"{server['url']}/v1/default/entries/{position}/proof"
    bundle = urllib3.request("GET", url, headers=headers).data
    saved = scratch / "entry.pipeledger.json"
    saved.write_bytes(bundle)
    tell.step("One entry, downloaded, verified offline", client("verify", str(saved)).strip())
    damaged = json.loads(bundle)
    damaged["parts"][0]["bytes"] = "e30="
    saved.write_text(json.dumps(damaged))
    refusal = client("verify", str(saved), expected=1)
    tell.step("A damaged copy of it is refused", refusal.strip())
    return 0


def _page(server: Server, place: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {server['token']}"}
    url = f"{server['url']}/v1/default/{place}"
    page: dict[str, Any] = urllib3.request("GET", url, headers=headers).json()
    return page


def _in_pairs(kinds: Counter[str]) -> list[list[tuple[str, int]]]:
    ranked = kinds.most_common()
    half = (len(ranked) + 1) // 2
    return [ranked[at::half] for at in range(half)]


class _Sender:
    """Sends a quarter by the ways it would come, and counts what came of it."""

    def __init__(self, server: Server) -> None:
        self._http = urllib3.PoolManager(headers={"Authorization": f"Bearer {server['token']}"})
        self._base = f"{server['url']}/v1/default"
        made = self._post("sources", b'{"kind":"github"}', "application/json")
        self._hook, self._secret = made["url"], made["secret"]
        self._waiting: list[bytes] = []
        self.webhooks = self.reports = self.emitted = self.tests = self.findings = 0
        self.kinds: Counter[str] = Counter()

    def send(self, quarter: Iterable[Sent]) -> None:
        """Send everything, in order.

        Raises:
            PipeledgerError: the server did not take something.
        """
        for one in quarter:
            if isinstance(one, Webhook):
                self._deliver(one)
            elif isinstance(one, Report):
                self._report(one)
            else:
                self._emit(one)
        self._flush()

    def _deliver(self, one: Webhook) -> None:
        headers = {
            "Content-Type": "application/json", "X-GitHub-Event": one.kind,
            "X-Hub-Signature-256": hub.signed(one.body, self._secret),
        }  # fmt: skip
        answer = self._http.request("POST", self._hook, body=one.body, headers=headers)
        self.webhooks += 1
        self._count(self._checked(answer)["receipts"])

    def _report(self, one: Report) -> None:
        answer = self._post(
            f"reports?{urlencode(one.context)}", one.body, "application/octet-stream"
        )
        self.reports += 1
        self._count(answer["receipts"])
        if one.tool == "pytest":
            self.tests += one.body.count(b"<testcase")
        else:
            self.findings += one.body.count(b'"ruleId"')

    def _emit(self, one: Emitted) -> None:
        self._waiting.append(json.dumps(one.event).encode())
        self.emitted += 1
        if len(self._waiting) == _BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            body = b"\n".join(self._waiting)
            self._count(self._post("events", body, "application/x-ndjson")["receipts"])
            self._waiting = []

    def _post(self, place: str, body: bytes, media_type: str) -> dict[str, Any]:
        headers = {**self._http.headers, "Content-Type": media_type}
        url = f"{self._base}/{place}"
        return self._checked(self._http.request("POST", url, body=body, headers=headers))

    def _count(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            if row["status"] != _CREATED:
                raise PipeledgerError(f"the server did not take an event: {row}")
            kind = json.loads(row["receipt"]["ctx"])["type"]
            self.kinds[kind.partition(".")[2]] += 1

    @staticmethod
    def _checked(answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
        said: dict[str, Any] = answer.json()
        if answer.status != _CREATED:
            raise PipeledgerError(f"the server answered {answer.status}: {said}")
        return said


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
