"""How much of a ledger is read for an answer."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from store.ledger.bodies import Bodies
from tests.serving import event
from tests.store.ledger.conftest import draft

if TYPE_CHECKING:
    import httpx

    from store.ledger.reader import Row
    from tests.api.doors import Doors

NDJSON = "application/x-ndjson"
TABLES = ("application/vnd.apache.arrow.stream", "application/vnd.apache.parquet", "text/csv")


def get(doors: Doors, path: str, accept: str = "application/json", **asked: int) -> httpx.Response:
    """What an operator is answered."""
    row = f"GET /v1/{{ledger}}/{path}"
    headers = {"Authorization": f"Bearer {doors.tokens['operator'][0]}", "Accept": accept}
    return doors.knock(row, "operator", headers=headers, params=asked)["operator"]


@pytest.fixture(scope="module")
def position(doors: Doors) -> int:
    """Of a report, which is an entry of several parts; some events come before and after."""
    for who in ("emitter", "operator"):
        assert doors.knock("POST /v1/{ledger}/events", who)[who].status_code == 201
    answer = doors.knock("POST /v1/{ledger}/reports", "emitter")["emitter"]
    assert doors.knock("POST /v1/{ledger}/events", "approver")["approver"].status_code == 201
    return int(answer.json()["receipts"][0]["receipt"]["position"])


def test_only_parts_that_are_shown_are_read(
    doors: Doors, position: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report may be of many megabytes, and most answers are about its event."""
    opened: list[str] = []
    original = Bodies.open

    def noting(self: Bodies, pos: int, name: str, *more: object) -> bytes | None:
        opened.append(name)
        return original(self, pos, name, *more)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(Bodies, "open", noting)
    entry = get(doors, f"entries/{position}").json()
    assert "original" in entry["parts"]
    assert entry["event"]["type"] == "pipeledger.tests.finished.v1"
    assert opened == ["event"]
    get(doors, f"entries/{position}/parts/original")
    assert opened.pop() == "original"
    for media in TABLES:
        assert get(doors, "entries", media, after=position - 1, limit=1).status_code == 200
    assert set(opened) == {"event"}
    opened.clear()
    get(doors, "entries", after=position - 1, limit=1)
    assert opened == []
    get(doors, "entries", NDJSON, after=position - 1, limit=1)
    assert sorted(opened) == entry["parts"]


def test_a_page_ends_where_it_has_bytes_enough_and_says_where_the_next_begins(
    doors: Doors, position: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put together, the pages are all entries, each once."""
    whole = get(doors, "entries", NDJSON, limit=1000)
    assert "link" not in whole.headers
    monkeypatch.setattr("api.reading.MAX_BYTES", 2_000)
    for media in (NDJSON, "application/json"):
        found: list[int] = []
        pages = 0
        after: int | None = 0
        while after is not None:
            answer = get(doors, "entries", media, after=after, limit=1000)
            lines = answer.text.splitlines() if media == NDJSON else []
            page = answer.json()["entries"] if not lines else [json.loads(one) for one in lines]
            found += [one["position"] for one in page]
            pages += 1
            link = answer.headers.get("link")
            after = None if link is None else found[-1]
            assert link is None or f"after={after}&" in link or f"after={after}>" in link
            if media != NDJSON:
                assert answer.json()["next"] == after
        assert found == [json.loads(line)["position"] for line in whole.text.splitlines()]
        assert position in found
        assert 2 < pages < len(found)


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("entries", NDJSON), ("entries", "text/csv"), ("entries/{}", "application/json"),
        ("entries/{}/proof", "application/vnd.pipeledger.proof+json"),
        ("entries/{}/parts/original", "application/json"),
    ],
)  # fmt: skip
def test_what_holds_parts_is_kept_by_no_cache(
    doors: Doors, position: int, path: str, accept: str
) -> None:
    """An erasure would not reach it."""
    answer = get(doors, path.format(position), accept)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_an_erasure_took_is_named_no_more(doors: Doors) -> None:
    """As if the bodies were opened."""
    own = doors.app.state.served["own"]
    told = event(9, actor={"login": "quetzal"}, reason="ask quetzal") | {"id": "erased"}
    answer = doors.knock("POST /v1/{ledger}/events", "emitter", json=told)["emitter"]
    assert answer.status_code == 201, answer.text
    path = f"entries/{answer.json()['position']}"
    assert get(doors, path).json()["parts"] == ["event", "text"]
    own.register.erase(get(doors, path).json()["event"]["data"]["actor"])
    assert get(doors, path).json()["parts"] == ["event"]


@pytest.mark.parametrize("path", ["entries", "streams/line/checkout@production", "commands"])
def test_an_answer_names_the_state_that_was_read_whatever_comes_while_it_is_made(
    doors: Doors, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Whoever goes on after the position that it names finds what came meanwhile."""
    own = doors.app.state.served["own"]
    before, read = own.ledger.published.size, own.ledger.reader.entries
    numbers = count(before)

    def slow(*asked: Any, **more: Any) -> list[Row]:  # noqa: ANN401 - as the reader
        found: list[Row] = read(*asked, **more)
        own.ledger.submit([draft(next(numbers))]).result(60)
        return found

    monkeypatch.setattr(own.ledger.reader, "entries", slow)
    answer = get(doors, path)
    assert answer.headers["Pipeledger-Position"] == str(before)
    assert own.ledger.published.size > before
