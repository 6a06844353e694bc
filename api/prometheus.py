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
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response
from starlette.responses import PlainTextResponse

from api.answering import answered
from api.doors import PART_READERS, check_role
from api.entrance import bearer_of
from api.figures import figures
from api.headers import header
from api.ledgers import Ledgers
from api.reads import record_read
from api.refusing import UnauthorisedError
from exporters.figures import KINDS, MOST_ENVIRONMENTS, PERFORMANCE, SOUND, Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from api.served import Served

router = APIRouter()
MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
KEPT_S: Final = 15.0
"""How long what was computed is given again: scrapes come more often than numbers change."""
# What a proxy adds: then the peer is the proxy, and who asks may be anybody.
_FORWARDED: Final = (b"forwarded", b"x-forwarded-for", b"x-real-ip")
_OF_PERFORMANCE: Final = (
    f", of the 30 days up to the full hour, in {MOST_ENVIRONMENTS} production environments at most"
)
_HOST: Final = re.compile(r"(?:(localhost)|\[([0-9a-fA-F:]+)\]|([0-9.]+))(?::[0-9]+)?")


@dataclass(slots=True)
class Numbers:
    """What was computed last, by ledger. Safe for threads.

    Attributes:
        monotonic: seconds that never go back.
    """

    monotonic: Callable[[], float]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: dict[str, tuple[float, list[Figure]]] = field(default_factory=dict)

    def of(self, here: Served, now: datetime) -> list[Figure]:
        """The figures of a ledger; one thread at a time computes."""
        name = here.ledger.name
        with self._lock:
            made, found = self._kept.get(name, (-KEPT_S, []))
            if self.monotonic() - made >= KEPT_S:
                found = list(figures(here, now))
                self._kept[name] = (self.monotonic(), found)
        return found


@router.get("/metrics", tags=["operation"], response_class=PlainTextResponse)
async def get_metrics(request: Request) -> Response:
    """Samples in the text format of Prometheus."""
    state = request.app.state
    shown = await _allowed(request)

    def make() -> str:
        found = [one for here in shown for one in state.numbers.of(here, state.clock())]
        if isinstance(state.served, Ledgers) and _is_open(request):
            # Its tokens cannot be believed; who needs none is told that it does not verify.
            found += [Figure(SOUND, {"ledger": name}, 0) for name in state.served.stopped]
        return _exposition(found)

    text = await answered(request, make)
    return Response(text, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


async def _allowed(request: Request) -> list[Served]:
    """The ledgers that whoever asks may see.

    Raises:
        UnauthorisedError: none.
        ForbiddenError: the token's role may not.
    """
    state = request.app.state
    served: Mapping[str, Served] = state.served
    if _is_open(request):
        return list(served.values())
    shown = []
    for here in served.values():
        credential = await bearer_of(request, here)
        if credential is not None:
            state.rates.take(credential.id)
            check_role(credential, PART_READERS, "credential")
            await record_read(request, here, credential, "metrics")
            shown.append(here)
    if not shown:
        raise UnauthorisedError("a token of an auditor or operator is needed")
    return shown


def _is_open(request: Request) -> bool:
    """Whether whoever asks needs no token, and brings none."""
    open_here: bool = request.app.state.metrics_on_loopback
    return not header(request, b"authorization") and open_here and _is_local(request)


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


def _sample(figure: Figure) -> str:
    said = ",".join(f'{key}="{_escaped(told)}"' for key, told in figure.labels.items())
    return f"{figure.kind.name}{{{said}}} {figure.value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _exposition(figures: list[Figure]) -> str:
    """All samples of a metric stand together, under what it means."""
    lines: list[str] = []
    for kind in KINDS:
        if found := [_sample(one) for one in figures if one.kind is kind]:
            said = kind.meaning + (_OF_PERFORMANCE if kind in PERFORMANCE else "")
            lines += [
                f"# HELP {kind.name} {said}",
                f"# TYPE {kind.name} {'counter' if kind.is_counter else 'gauge'}",
                *found,
            ]
    return "".join(f"{line}\n" for line in lines)
