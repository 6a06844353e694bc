"""Readings of intake as drafts: through the same doors as everybody's events."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, get_args

import msgspec

from api import ingest
from api.ingest import Original
from api.long_texts import shortened
from domain.content import pieces_of
from domain.door import read_json
from domain.events.build import ScanKind, TestKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from api.doors import DoorCheck
    from domain.draft import Draft
    from domain.log.key import Entropy
    from domain.people import People
    from intake.report import Reading
    from store.credentials import Credential

ROWS: Final = "application/x-ndjson"
KINDS: Final = {
    "pipeledger.tests.finished.v1": get_args(TestKind),
    "pipeledger.scan.finished.v1": get_args(ScanKind),
}
"""Kinds of tests and scans, which many formats do not tell."""
_STAND_INS: Final = ("service", "environment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How readings came.

    Attributes:
        identity: names the bytes they were read from; the same bytes have the same.
        source: of the events whose reading names none.
        credential: who sent them.
        door: refuses what may not come this way.
        assurance: of the events.
        received: the present instant.
        told: facts that the sender gives; what a reading says itself comes first, unless it
            says that it is a stand-in (`service_basis`, `environment_basis`).
        kind: which tests or scans these are, as the sender says; for what a reading leaves open.
        at: the sender's time for what has none, RFC 3339, or None.
        own_source: the sender chose the source; what the bytes say of it does not count.
    """

    identity: str
    source: str
    credential: Credential
    door: DoorCheck
    assurance: str
    received: datetime
    told: Mapping[str, Any] = field(default_factory=dict)
    kind: str | None = None
    at: str | None = None
    own_source: bool = False


def drafts_of(
    people: People,
    readings: Sequence[Reading],
    original: Original,
    arrival: Arrival,
    entropy: Entropy,
) -> list[Draft]:
    """The drafts of readings; the bytes they were read from go with the first.

    Args:
        people: finds persons.
        readings: of one file or delivery, at least one.
        original: its bytes.
        arrival: how it came.
        entropy: random bytes for salts.

    Raises:
        RefusedError: a reading is no event; names the field.
        ForbiddenError: it may not come this way.
    """
    drafts = []
    met: set[str] = set()
    described = _described(original)
    for number, reading in enumerate(readings):
        value = _event(reading, arrival)
        value["id"] = _id(reading, value, arrival) or f"{arrival.identity}-{number}"
        parts = [Original(one.name, ROWS, one.content) for one in reading.documents]
        value["data"]["documents"] = [described, *map(_described, parts)]
        # The id is of the bytes or facts already, so it stands for them: they may be long, and
        # the readings many. Through the strict door like everybody's events: no way around it.
        checked = read_json(msgspec.json.encode(value))
        drafts.append(
            ingest.draft_of(
                checked, value["id"].encode(), arrival.credential, people, entropy,
                documents=parts, met=met, door=arrival.door, assurance=arrival.assurance,
            )
        )  # fmt: skip
    # Sealed for everybody whom any of the readings names: when one is forgotten, it goes.
    sealed = ingest.sealed_original(original, met, arrival.credential, entropy)
    kept = sorted((*drafts[0].parts, sealed), key=lambda one: one.part.name)
    drafts[0] = dataclasses.replace(drafts[0], parts=tuple(kept))
    return drafts


def _id(reading: Reading, value: Mapping[str, Any], arrival: Arrival) -> str | None:
    """The id of a fact that its sender names: the same name and the same facts, however spelled.

    The name alone would let a second fact under it be refused, and lost.
    """
    if reading.identity is None or reading.time is None:
        return None
    said = msgspec.json.encode([reading.identity, value])
    return f"{arrival.identity.partition('-')[0]}-{hashlib.sha256(said).hexdigest()[:40]}"


def _event(reading: Reading, arrival: Arrival) -> dict[str, Any]:
    kind = reading.type.rpartition(".")[0]
    data = {**arrival.told, **shortened(kind, reading.data)}
    for name in _STAND_INS:
        # What only stands for it gives way to who knows it.
        if name in arrival.told and data.pop(f"{name}_basis", None) is not None:
            data[name] = arrival.told[name]
    if arrival.kind in KINDS.get(reading.type, ()):
        data.setdefault("kind", arrival.kind)
    if reading.time is not None:
        time, basis = reading.time, "source" if reading.local_time is None else "source_local"
    elif arrival.at is not None:
        time, basis = arrival.at, "caller"
    else:
        time, basis = arrival.received.isoformat().replace("+00:00", "Z"), "received"
    data["time_basis"] = basis
    if reading.local_time is not None:
        data["local_time"] = reading.local_time
    source = arrival.source if arrival.own_source else reading.source or arrival.source
    return {
        "specversion": "1.0", "source": source, "type": reading.type, "time": time, "data": data,
    }  # fmt: skip


def _described(one: Original) -> dict[str, Any]:
    digest = hashlib.sha256()
    for piece in pieces_of(one.body):
        digest.update(piece)
    return {
        "name": one.name, "media_type": one.media_type, "length": len(one.body),
        "digest": f"sha256:{digest.hexdigest()}",
    }  # fmt: skip
