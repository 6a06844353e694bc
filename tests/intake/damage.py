"""Files as nobody should send them: cut, flipped, with other types, huge numbers, long texts."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from domain.errors import RefusedError
from intake.registry import read_report
from tests.intake.passing import through_door

if TYPE_CHECKING:
    from collections.abc import Iterator

_STRANGE: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 10**400, 1e308, "", "x" * 100_000, "\u202e\n\x00", [], {}, [[]],
    {"a": {"b": []}}, "2026-13-45T99:99:99Z", "0001-01-01T00:00:00Z", [None], ["x", 1],
)  # fmt: skip


def check_damaged(body: bytes, times: int) -> None:
    """Damaged copies are refused clearly, or become readings; nothing else happens."""
    for one in damaged(body, times):
        try:
            for reading in read_report(one).readings:
                through_door(reading)
        except RefusedError as error:
            if not error.place:
                raise


def damaged(body: bytes, times: int, seed: int = 7) -> Iterator[bytes]:
    """Damaged copies of a text, the same for the same seed; of JSON its values are changed too."""
    chance = random.Random(seed)  # noqa: S311 - damage, no secret
    lines = body.splitlines()
    is_json = body.lstrip()[:1] in (b"{", b"[")
    for number in range(times):
        kind = number % 4
        if kind == 0:
            yield body[: chance.randrange(len(body))]
        elif kind == 1:
            at = chance.randrange(len(body))
            yield body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :]
        elif not is_json:
            yield _shuffled(body, chance)
        else:
            try:
                value, whole = json.loads(body), True
            except ValueError:
                value, whole = [json.loads(line) for line in lines if line.strip()], False
            _change(value, chance)
            texts = [json.dumps(value)] if whole else map(json.dumps, value)
            yield "\n".join(texts).encode()


def _shuffled(body: bytes, chance: random.Random) -> bytes:
    """A piece of a text taken out, twice there, or replaced by something strange."""
    start = chance.randrange(len(body))
    end = min(len(body), start + chance.randrange(1, 40))
    piece = chance.choice((b"", body[start:end] * 2, b"\xe2\x80\xae", b"9" * 500, b"\n\n", b"-1"))
    return body[:start] + piece + body[end:]


def _change(value: Any, chance: random.Random) -> None:  # noqa: ANN401 - JSON
    """Put something strange somewhere, or take something away."""
    places = list(_places(value))
    holder, key = chance.choice(places)
    if chance.random() < 0.3 and isinstance(holder, dict):
        del holder[key]
    else:
        holder[key] = chance.choice(_STRANGE)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - JSON
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)
