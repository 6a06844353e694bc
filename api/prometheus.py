"""`/metrics` for Prometheus: each ledger's state, and its delivery performance of 30 days.

| who asks | what is shown |
|---|---|
| a token of an auditor or operator | the ledgers that it is of |
| a process of this machine, where `PIPELEDGER_METRICS=loopback` | all ledgers |
| anybody else | nothing |

A rate or duration that has nothing to be made of has no sample: a dashboard must not show zero.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.doors import PART_READERS, check_role
from api.headers import header
from api.problems import UnauthorisedError
from api.reads import record_read
from domain.errors import PipeledgerError
from projections.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from api.host import Served

router = APIRouter()
MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
WINDOW: Final = timedelta(days=30)
KEPT_S: Final = 15.0
"""How long what was computed is given again: scrapes come more often than numbers change."""
_MOST_ENVIRONMENTS: Final = 20
_LOG: Final = logging.getLogger("pipeledger.api")
# What a proxy adds: then the peer is the proxy, and who asks may be anybody.
_FORWARDED: Final = (b"forwarded", b"x-forwarded-for", b"x-real-ip")
_HOST: Final = re.compile(r"(?:(localhost)|\[([0-9a-fA-F:]+)\]|([0-9.]+))(?::[0-9]+)?")
_STATE: Final = (
    ("pipeledger_entries_total", "counter", "entries that are published"),
    ("pipeledger_last_recorded_timestamp_seconds", "gauge", "when the newest entry was recorded"),
    ("pipeledger_guard_lag_entries", "gauge", "entries that are committed and not yet published"),
    ("pipeledger_witnessed_entries", "gauge", "entries that enough witnesses have seen"),
    ("pipeledger_witness_entries", "gauge", "entries that a witness cosigned last"),
    ("pipeledger_witness_last_timestamp_seconds", "gauge", "when it did, by its own clock"),
    ("pipeledger_witness_failures", "gauge", "attempts in a row that came to nothing"),
    ("pipeledger_witness_forks", "counter", "times that a witness had seen another history"),
    ("pipeledger_history_sound", "gauge", "1: the chain verified when the numbers were made"),
)
_DORA: Final = (
    ("pipeledger_dora_deployments", "deployments", "counted deployments that succeeded"),
    ("pipeledger_dora_deployments_per_day", "deployments_per_day", "of these, each day"),
    ("pipeledger_dora_counted_deployments", "counted", "denominator of the two ratios"),
    ("pipeledger_dora_lead_time_median_seconds", "lead_median_s", "median change lead time"),
    ("pipeledger_dora_lead_time_p90_seconds", "lead_p90_s", "90th percentile of the same"),
    ("pipeledger_dora_lead_time_changes", "lead_n", "changes that it was made of"),
    ("pipeledger_dora_change_fail_ratio", "change_fail_rate", "change fail rate"),
    ("pipeledger_dora_rework_ratio", "rework_rate", "deployment rework rate"),
    ("pipeledger_dora_recovery_median_seconds", "recovery_median_s",
     "median failed deployment recovery time"),
    ("pipeledger_dora_recoveries", "recovered", "recoveries that it was made of"),
)  # fmt: skip
_MTTR: Final = (
    ("pipeledger_mttr_seconds", "mttr_s", "mean time to restore, of incidents of any cause"),
    ("pipeledger_incidents_ended", "incidents", "incidents that it was made of"),
    ("pipeledger_incidents_open", "open", "incidents that are open"),
)


@dataclass(slots=True)
class Numbers:
    """What was computed last, by ledger. Safe for threads.

    Attributes:
        monotonic: seconds that never go back.
    """

    monotonic: Callable[[], float]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: dict[str, tuple[float, list[str]]] = field(default_factory=dict)

    def of(self, here: Served, now: datetime) -> list[str]:
        """The samples of a ledger; one thread at a time computes."""
        name = here.ledger.name
        with self._lock:
            made, lines = self._kept.get(name, (-KEPT_S, []))
            if self.monotonic() - made >= KEPT_S:
                lines = list(_samples(here, now))
                self._kept[name] = (self.monotonic(), lines)
        return lines


@router.get("/metrics", tags=["operation"])
async def get_metrics(request: Request) -> Response:
    """Samples in the text format of Prometheus."""
    state = request.app.state
    shown = await _allowed(request)

    def make() -> str:
        found = [line for here in shown for line in state.numbers.of(here, state.clock())]
        return _exposition(found)

    text = await run_in_threadpool(make)
    return Response(text, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


async def _allowed(request: Request) -> list[Served]:
    """The ledgers that whoever asks may see.

    Raises:
        UnauthorisedError: none.
        ForbiddenError: the token's role may not.
    """
    state = request.app.state
    served: Mapping[str, Served] = state.served
    scheme, _, token = (header(request, b"authorization") or "").partition(" ")
    if not scheme and state.metrics_on_loopback and _is_local(request):
        return list(served.values())
    shown = []
    for here in served.values() if scheme.lower() == "bearer" else ():
        credential = here.tokens.find(token.strip())
        if credential is not None:
            state.rates.take(credential.id)
            check_role(credential, PART_READERS, "credential")
            await record_read(request, here, credential, "metrics")
            shown.append(here)
    if not shown:
        raise UnauthorisedError("a token of an auditor or operator is needed")
    return shown


def _is_local(request: Request) -> bool:
    """Whether a process of this machine asks, and no proxy for somebody else.

    A page in a browser here can make a name of its own lead to this machine, and then reads what
    it is answered; so this machine must be asked for by its address or as localhost.
    """
    if request.client is None or any(header(request, name) for name in _FORWARDED):
        return False
    asked = _HOST.fullmatch(header(request, b"host") or "")
    if asked is None or not _is_loopback(request.client.host):
        return False
    return asked[1] is not None or _is_loopback(asked[2] or asked[3])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _samples(here: Served, now: datetime) -> Iterator[str]:
    ledger = here.ledger
    own = {"ledger": ledger.name}
    size = ledger.published.size
    yield _sample("pipeledger_entries_total", own, size)
    head = ledger.reader.head()
    if head is not None:
        yield _sample("pipeledger_last_recorded_timestamp_seconds", own, head[1].timestamp())
        yield _sample("pipeledger_guard_lag_entries", own, max(0, head[0] - size))
    if here.cosigners.policy.witnesses:
        yield _sample("pipeledger_witnessed_entries", own, here.cosigners.witnessed_size)
        names = {one.key.id: one.key.name for one in here.cosigners.policy.witnesses.values()}
        for witness, standing in here.cosigners.standings().items():
            named = own | {"witness": names.get(witness, witness)}
            yield _sample("pipeledger_witness_entries", named, standing.size)
            yield _sample("pipeledger_witness_last_timestamp_seconds", named, standing.at)
            yield _sample("pipeledger_witness_failures", named, standing.failures)
            yield _sample("pipeledger_witness_forks", named, standing.forks)
    try:
        numbers = list(_performance(here, now))
    except PipeledgerError as error:
        _LOG.warning("no numbers for /metrics: %s", error)
        yield _sample("pipeledger_history_sound", own, 0)
        return
    yield _sample("pipeledger_history_sound", own, 1)
    yield from numbers


def _performance(here: Served, now: datetime) -> Iterator[str]:
    """DORA and MTTR of every service in every production environment."""
    end = now.replace(minute=0, second=0, microsecond=0)
    window = {"window_from": end - WINDOW, "window_to": end}
    standing = Selection(
        "environments", {"tier": "production"}, holding=("effective_from", "effective_until"),
        order=("environment",), limit=_MOST_ENVIRONMENTS,
    )  # fmt: skip
    places = here.history.ask([standing], {"at": now}).tables["environments"]["environment"]
    wanted = [Selection("dora", {"part": "window"}), Selection("mttr", {"part": "window"})]
    for place in places.to_pylist():
        chosen: dict[str, Any] = window | {"environment": place, "group_by": "service"}
        tables = here.history.ask(wanted, chosen).tables
        for table, metrics in (("dora", _DORA), ("mttr", _MTTR)):
            for row in tables[table].to_pylist():
                labels = {
                    "ledger": here.ledger.name, "service": row["group_key"], "environment": place,
                }  # fmt: skip
                for name, column, _ in metrics:
                    if row[column] is not None:
                        yield _sample(name, labels, row[column])


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    said = ",".join(f'{key}="{_escaped(told)}"' for key, told in labels.items())
    return f"{name}{{{said}}} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _exposition(samples: list[str]) -> str:
    """All samples of a metric stand together, under what it means."""
    by_name: dict[str, list[str]] = {}
    for one in samples:
        by_name.setdefault(one.partition("{")[0], []).append(one)
    numbers = ((name, "gauge", f"{said}, of 30 days") for name, _, said in (*_DORA, *_MTTR))
    lines: list[str] = []
    for name, kind, said in (*_STATE, *numbers):
        if found := by_name.get(name):
            lines += [f"# HELP {name} {said}", f"# TYPE {name} {kind}", *found]
    return "".join(f"{line}\n" for line in lines)
