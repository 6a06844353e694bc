"""What must hold for any bytes at all: a clear refusal, or facts that pass every door."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from api.doors import check_door, check_intake
from api.ingest import Original
from api.readings import Arrival, drafts_of
from domain.errors import ForbiddenError, RefusedError
from domain.log.context import line_of
from intake.deliveries import Delivery, read_delivery, unmapped
from intake.registry import FORMATS, SENDERS, read_report
from store.credentials import Credential
from tests.domain.people.registry import Registry

if TYPE_CHECKING:
    import random

    from api.doors import DoorCheck
    from domain.draft import Draft
    from intake.report import Reading

ORIGIN: Final = "ledger.example/tests"
NOW: Final = datetime(2026, 3, 4, tzinfo=UTC)
MAX_CPU_S: Final = 8.0
"""Longest time that one file may take a processor."""
_WHO: Final = Credential("crd_" + "0" * 32, "wkl_" + "0" * 32, "operator", (), None)
# What a sender adds, because some files name no place.
_TOLD: Final = {"service": "shop", "environment": "production"}
_MEDIA: Final = ("application/json", "application/x-www-form-urlencoded", "text/plain")


def try_file(body: bytes, own: str, chance: random.Random) -> str:
    """Read a file as one that is recognised, one that is said to be of a format, or a delivery.

    Args:
        body: the bytes.
        own: the format that they are of, more or less.
        chance: chooses the way.

    Returns:
        What came out that must not, or nothing.
    """
    started = time.process_time()
    way = chance.random()
    try:
        if way < 0.1:
            _deliver(body, chance)
        elif way < 0.2:
            _record(body, chance.choice(FORMATS).name)
        else:
            _record(body, own if way < 0.6 else None)
    except ForbiddenError as error:
        return f"not through this door: {error}"
    except RefusedError as error:
        if problem := _unclear(error):
            return problem
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return f"{type(error).__name__}: {str(error)[:200]} {_where(error)}"
    took = time.process_time() - started
    return f"{took:.1f} s of a processor" if took > MAX_CPU_S else ""


def _unclear(error: RefusedError) -> str:
    if not error.place or not error.reason:
        return f"a refusal without place or reason: {error}"
    # It is shown to people and kept in events.
    if len(str(error)) > 1000 or not str(error).replace("\n", " ").isprintable():
        return f"a refusal that repeats the file: {str(error)[:200]!r}"
    return ""


def _record(body: bytes, name: str | None) -> None:
    report = read_report(body, name)
    if report.readings:
        _draft(report.readings, body, check_door)


def _deliver(body: bytes, chance: random.Random) -> None:
    sender = SENDERS[chance.choice(sorted(SENDERS))]
    header = chance.choice((None, "push", *sorted(sender.pings)))
    delivery = Delivery("source", header, chance.choice(_MEDIA), body)
    try:
        readings = read_delivery(sender, delivery)
        assert readings
        _draft(readings, body, check_intake)
    except ForbiddenError:
        # A mapping that makes what this door may not take; keeping it as it came would hide that.
        raise
    except RefusedError as refusal:
        # As the door does: what cannot be drafted is kept as it came.
        _draft([unmapped(delivery, refusal)], body, check_intake)


def _draft(readings: list[Reading], body: bytes, door: DoorCheck) -> None:
    arrival = Arrival(
        identity="trial", source="/trial", credential=_WHO, door=door, assurance="asserted",
        received=NOW, told=_TOLD,
    )  # fmt: skip
    original = Original("original", "application/octet-stream", body)
    for draft in drafts_of(Registry(), readings, original, arrival, bytes):
        _check(draft)
    for document in (one for reading in readings for one in reading.documents):
        for line in document.body.splitlines():
            json.loads(line)


def _check(draft: Draft) -> None:
    line_of(draft, ORIGIN)
    event: dict[str, Any] = json.loads(draft.event.body)
    assert event["type"].startswith("pipeledger.")


def _where(error: BaseException) -> str:
    """The last place of our own that it went through."""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "/intake/" in file or "/domain/" in file or "/api/" in file:
            place = f"{'/'.join(file.split('/')[-2:])}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"at {place}"
