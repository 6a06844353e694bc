"""Appending while dashboards look on: `python -m bench.dashboards [EVENTS]`.

A server whose ledger has EVENTS (default 100,000) takes single events and batches of 100, in turn
with nobody looking and with four dashboards that ask once a second, each for what it had not yet:
DORA, deployments, coverage, and the console's overview. They are of two kinds: those that insist on
the newest state, and those that ask as they should, `Cache-Control: max-age=60` of the API and the
console as it is by default. What the second kind may cost has a floor; it is sent to once for as
long as the first kind in all its rounds and more, so that minutes pass and each answer counts as
often as it is made.
"""

from __future__ import annotations

import itertools
import multiprocessing
import statistics
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec
import uvloop

from bench.events import event
from bench.figures import Figure, Watch, p99, scratch, tell
from bench.http import ONE, load, posted, target_of
from bench.loading import load_apart
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.synchronize import Event

    from bench.http import Target
    from tests.serving import Running

EVENTS: Final = 100_000
ROUNDS: Final = 3
SINGLE: Final = 15_000
BATCHES: Final = 200
OF: Final = 100
CLIENTS: Final = {ONE: 64, "application/cloudevents-batch+json": 4}
LOOKED_AT: Final = (
    "/v1/default/metrics/dora", "/v1/default/deployments?limit=100", "/v1/default/coverage",
    "/console/default/overview",
)  # fmt: skip
LONGER: Final = 10
"""Times as many are sent where states are shared for a minute."""
_SLOWED: Final = 10
"""Percent; design section 8 and the brief of the read models."""
_numbers = itertools.count()


def look(
    url: str,
    token: str,
    path: str,
    stop: Event,
    took: Any,  # noqa: ANN401 - a queue
    *,
    insists: bool,
) -> None:
    """A dashboard: asks once a second until it is stopped; gives the seconds of each answer.

    Args:
        url: of the server.
        token: of who looks.
        path: that is asked for.
        stop: is set when it shall end.
        took: takes the seconds.
        insists: on the newest state.
    """
    found: list[float] = []
    headers = {"Authorization": f"Bearer {token}"}
    if insists:
        headers["Cache-Control"] = "no-cache"
    elif not path.startswith("/console"):
        headers["Cache-Control"] = "max-age=60"
    with httpx.Client(base_url=url, timeout=120, headers=headers) as client:
        if path.startswith("/console"):
            form = {"ledger": "default", "token": token}
            assert client.post("/console/login", data=form).has_redirect_location
        tag = ""
        while not stop.is_set():
            watch = Watch()
            answer = client.get(path, headers={"If-None-Match": tag} if tag else {})
            assert answer.status_code in {200, 304}, answer.text
            tag = answer.headers.get("etag", "")
            found.append(watch.seconds)
            stop.wait(max(0, 1 - watch.seconds))
    took.put(found)


@contextmanager
def dashboards(url: str, token: str, answers: list[float], *, insist: bool) -> Iterator[None]:
    """Four dashboards for the length of the block, in a process each."""
    spawn = multiprocessing.get_context("spawn")
    stop, took = spawn.Event(), spawn.Queue()
    people = [
        spawn.Process(
            target=look, args=(url, token, path, stop, took), kwargs={"insists": insist}
        )
        for path in LOOKED_AT
    ]  # fmt: skip
    for one in people:
        one.start()
    time.sleep(3)  # until they have begun
    try:
        yield
    finally:
        stop.set()
        for _ in people:
            answers += took.get(timeout=120)
        for one in people:
            one.join()


def sent(target: Target, media: str, times: int = 1) -> float:
    """Events a second of one round; `times`: so many times as many are sent."""
    clients = CLIENTS[media]
    size = 1 if media == ONE else OF
    wire = []
    for _ in range(times * (SINGLE if size == 1 else BATCHES) + clients):
        made = [event(number, 1_000_000, "-sent") for number in itertools.islice(_numbers, size)]
        body = msgspec.json.encode(made[0] if size == 1 else made)
        wire.append(posted(target, media, body))
    return size * uvloop.run(load(target, clients, wire)).rate


def measure(count: int) -> Iterator[Figure]:
    """Append alone and watched, in turn."""
    with scratch() as folder:
        with serving(folder / "data") as server:
            token = server.token
            httpx.get(f"{server.url}/readyz").raise_for_status()
        load_apart(folder / "data", count)
        with serving(folder / "data", first=False, PIPELEDGER_ANSWERS_NICENESS="10") as server:
            target = target_of(server, token)
            with dashboards(server.url, token, [], insist=True):
                pass
            for insist, how in ((True, "insist on the newest"), (False, "ask as they should")):
                yield from _measured(server, target, insist=insist, how=how)


def _measured(server: Running, target: Target, *, insist: bool, how: str) -> Iterator[Figure]:
    answers: list[float] = []
    for media, sort in zip(CLIENTS, ("single events", f"batches of {OF}"), strict=True):
        alone, watched = [], []
        for _ in range(ROUNDS if insist else 1):
            alone.append(sent(target, media))
            with dashboards(server.url, target.token, answers, insist=insist):
                watched.append(sent(target, media, 1 if insist else LONGER))
        alone.append(sent(target, media))
        rate, less = statistics.median(alone), statistics.median(watched)
        what = f"{sort} over HTTP, dashboards {how}"
        yield Figure(what, less, "events/s", rate)
        slowed = 100 * (1 - less / rate)
        floor = None if insist else _SLOWED
        yield Figure(f"{what}: slowed by", slowed, "%", floor=floor, least=True)
    yield Figure(f"an answer where they {how}, median", statistics.median(answers), "s")
    yield Figure(f"an answer where they {how}, p99", p99(answers), "s")


if __name__ == "__main__":
    tell(measure(int(sys.argv[1]) if sys.argv[1:] else EVENTS))
