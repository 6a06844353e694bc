"""Texts of readings fit into an event, and nothing else of them is another."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest

from api.long_texts import MAX_TEXTS, shortened
from domain.event import read_event
from domain.events.fields import MAX_TEXT

LONG = "\1" * (MAX_TEXT + 1)
COMMIT = {"repository": "https://code.example/shop", "commit": "a" * 40, "message": "m"}


@pytest.mark.parametrize(
    ("kind", "data", "path"),
    [
        ("change.proposed", {"repository": "/r", "number": 1, "description": LONG},
         ("description",)),
        ("commit.pushed", COMMIT | {"trailers": {"Fixes": "1", "Why": LONG}}, ("trailers", "Why")),
        ("policy.evaluated", {"policy": "p", "decision": "deny", "reasons": ["a", LONG]},
         ("reasons", 1)),
        ("ref.updated", {"repository": "/r", "ref": "refs/heads/main",
                         "commits": [{"sha": "a" * 40}, {"sha": "b" * 40, "message": LONG}]},
         ("commits", 1, "message")),
    ],
)  # fmt: skip
def test_a_long_text_is_cut_wherever_it_stands(
    kind: str, data: dict[str, Any], path: tuple[Any, ...]
) -> None:
    """All else stays, and what was read is not touched."""
    before = copy.deepcopy(data)
    found = shortened(f"pipeledger.{kind}", data)
    assert data == before
    _check(kind, found)
    holder: Any = data
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = LONG[:MAX_TEXT]
    assert found == data


def test_many_long_texts_fit_into_one_event() -> None:
    """However they are escaped; of each something is left."""
    data = {"policy": "p", "decision": "deny", "reasons": [LONG] * 10}
    found = shortened("pipeledger.policy.evaluated", data)
    assert sum(map(len, found["reasons"][:3])) == MAX_TEXTS
    assert found["reasons"][3:] == ["\1"] * 7
    assert len(msgspec.json.encode(found)) < 2**20
    _check("policy.evaluated", found)


def _check(kind: str, data: dict[str, Any]) -> None:
    read_event({
        "specversion": "1.0", "id": "1", "source": "/x", "type": f"pipeledger.{kind}.v1",
        "time": "2026-01-01T00:00:00Z", "data": data,
    })  # fmt: skip
