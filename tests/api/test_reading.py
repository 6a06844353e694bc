"""Reading back: documents, entries in other forms, and what reading and refusing leave behind."""

from __future__ import annotations

import io
import json
from base64 import b64decode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from tests.serving import Running, event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx


STRUCTURED = {"Content-Type": "application/cloudevents+json"}
BATCH = {"Content-Type": "application/cloudevents-batch+json"}
JUNIT = b"""<testsuite name="unit" timestamp="2026-01-05T10:00:00Z">
<testcase classname="c" name="one"/><testcase classname="c" name="two"><failure/></testcase>
</testsuite>"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for the module."""
    with serving(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def http(server: Running) -> Iterator[httpx.Client]:
    """The operator's client."""
    with server.http() as client:
        yield client


@pytest.fixture(scope="module")
def auditor(server: Running) -> Iterator[httpx.Client]:
    """An auditor's client."""
    with server.http(server.token_of("auditor")) as client:
        yield client


def of_type(http: httpx.Client, kind: str) -> list[dict[str, Any]]:
    """The events of a type, with their data."""
    page = http.get("/entries", params={"type": f"pipeledger.{kind}", "limit": 1000}).json()
    return [http.get(f"/entries/{one['position']}").json()["event"] for one in page["entries"]]


def recorded(http: httpx.Client, salt: str) -> int:
    """The position of a report's event."""
    answer = http.post("/reports", content=JUNIT, params={"service": f"s-{salt}"})
    assert answer.status_code == 201
    position: int = answer.json()["receipts"][0]["receipt"]["position"]
    return position


def parts_of(http: httpx.Client, position: int) -> list[dict[str, Any]]:
    """The parts the entry's context names."""
    raw = http.get(f"/entries/{position}/raw").content
    found: list[dict[str, Any]] = json.loads(raw.split(b"\n")[1])["parts"]
    return found


def test_a_document_is_read_by_its_commitment_and_kept_by_no_cache(http: httpx.Client) -> None:
    """The report as it was sent, as a download that no browser shows as a page."""
    (original,) = [one for one in parts_of(http, recorded(http, "a")) if one["name"] == "original"]
    answer = http.get(f"/documents/{original['c']}")
    assert answer.content == JUNIT
    assert answer.headers["content-type"].startswith(original["ct"])
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["etag"] == f'"{original["c"]}"'


def test_a_large_event_is_read_by_its_commitment_too(http: httpx.Client) -> None:
    """It lies in the document store; its commitment is the one in the entry."""
    steps = {f"step-{number}": "x" * 60 for number in range(800)}
    sent = http.post("/events", json=event(77, more=steps), headers=STRUCTURED)
    assert sent.status_code == 201, sent.text
    commitment = json.loads(sent.json()["ctx"])["event"]["c"]
    answer = http.get(f"/documents/{commitment}")
    assert answer.json()["data"]["more"] == steps
    position = sent.json()["position"]
    salt = b64decode(http.get(f"/entries/{position}/parts/event").json()["salt"])
    assert sha256(b"pipeledger/part/v1\0" + salt + answer.content).hexdigest() == commitment


def test_what_no_document_is_answers_404_and_what_no_commitment_is_422(http: httpx.Client) -> None:
    """A small event lies beside its entry and is read there."""
    sent = http.post("/events", json=event(78), headers=STRUCTURED)
    small = json.loads(sent.json()["ctx"])["event"]["c"]
    for commitment in ("0" * 64, small):
        assert http.get(f"/documents/{commitment}").status_code == 404
    for commitment in ("0" * 63, "G" * 64, "..%2f..%2fetc"):
        assert http.get(f"/documents/{commitment}").status_code in {400, 404, 422}


def test_documents_are_for_those_who_may_read_parts(server: Running, http: httpx.Client) -> None:
    """An emitter sees entries, never bytes."""
    (original, *_) = parts_of(http, recorded(http, "b"))
    with server.http(server.token_of("emitter")) as emitter:
        assert emitter.get(f"/documents/{original['c']}").status_code == 403
        assert emitter.get("/documents/" + "0" * 64).status_code == 403


def test_entries_come_as_arrow_parquet_and_csv_with_the_same_rows(http: httpx.Client) -> None:
    """Positions, leaves, tags and events agree with what JSON says."""
    http.post("/events", json=event(90), headers=STRUCTURED)
    page: dict[str, str | int] = {"limit": 5, "type": "pipeledger.deployment.finished"}
    plain = http.get("/entries", params=page).json()["entries"]

    def ask(media: str) -> bytes:
        answer = http.get("/entries", params=page, headers={"Accept": media})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(media)
        return answer.content

    arrow = pa.ipc.open_stream(ask("application/vnd.apache.arrow.stream")).read_all()
    parquet = pyarrow.parquet.read_table(io.BytesIO(ask("application/vnd.apache.parquet")))
    text = pyarrow.csv.read_csv(io.BytesIO(ask("text/csv")))
    assert arrow.to_pylist() == parquet.to_pylist()
    for row, one, line in zip(arrow.to_pylist(), plain, text.to_pylist(), strict=True):
        assert row["position"] == line["position"] == one["position"]
        assert row["leaf"] == line["leaf"] == one["leaf"]
        assert row["tags"] == line["tags"].split(" ") == one["tags"]
        assert json.loads(row["event"])["id"].startswith("evt-")
        assert row["event"] == line["event"]


def test_the_heaviest_offered_form_is_given_and_an_unknown_one_refused(http: httpx.Client) -> None:
    """RFC 9110 section 12.5.1: weights, ranges, 406."""
    for accept, expected in {
        "*/*": "application/json",
        "text/*": "text/csv",
        "text/csv;q=0.5, application/x-ndjson;q=0.9": "application/x-ndjson",
        "text/csv;q=0, */*;q=0.1": "application/json",
        "image/png, */*;q=0.1": "application/json",
        "application/json;q=0.2, text/csv;q=0.2": "application/json",
    }.items():
        answer = http.get("/entries", params={"limit": 1}, headers={"Accept": accept})
        assert answer.headers["content-type"].startswith(expected), accept
    for accept in ("image/png", "text/csv;q=0", "nonsense"):
        assert http.get("/entries", headers={"Accept": accept}).status_code == 406


def test_an_auditors_read_is_recorded_once_an_hour_before_its_answer(
    http: httpx.Client, auditor: httpx.Client
) -> None:
    """Pages of one query are one read; another query is another; an operator's is none."""
    before = len(of_type(http, "evidence.read"))
    first = auditor.get("/entries", params={"tag": "service:checkout", "limit": 1})
    assert int(first.headers["pipeledger-position"]) > 0
    for after in (0, 1, 2):
        auditor.get("/entries", params={"tag": "service:checkout", "limit": 1, "after": after})
    assert len(of_type(http, "evidence.read")) == before + 1
    auditor.get("/entries", params={"tag": "service:billing"})
    auditor.get("/entries/1/parts/event")
    events = of_type(http, "evidence.read")[before:]
    assert [one["data"]["query"] for one in events] == [
        "entries?tag", "entries?tag", "entries/1/parts/event",
    ]  # fmt: skip
    assert len({one["data"]["digest"] for one in events}) == 3
    assert "checkout" not in json.dumps(events)


def test_an_id_used_again_is_refused_and_recorded_once_by_its_digest(http: httpx.Client) -> None:
    """Alone, in a batch that stands for itself, and in one that is all or none."""
    first = http.post("/events", json=event(500), headers=STRUCTURED).json()["position"]
    other = json.dumps(event(500, outcome="failure"))
    for _ in range(3):
        assert http.post("/events", content=other, headers=STRUCTURED).status_code == 409
    (said,) = of_type(http, "event.conflicted")
    assert said["data"]["position"] == first
    assert said["data"]["digest"] == "sha256:" + sha256(other.encode()).hexdigest()

    batch = [event(501), event(500, outcome="cancelled")]
    assert http.post("/events", json=batch, headers=BATCH).status_code == 207
    assert len(of_type(http, "event.conflicted")) == 2
    batch = [event(502), event(500, outcome="skipped")]
    answer = http.post("/events", json=batch, headers=BATCH, params={"atomic": True})
    assert answer.status_code == 409
    assert len(of_type(http, "event.conflicted")) == 3
    twice = [event(503), event(503, outcome="failure")]
    assert http.post("/events", json=twice, headers=BATCH).status_code == 207
    assert len(of_type(http, "event.conflicted")) == 3


def test_nothing_that_reading_recorded_unsettles_the_ledger(server: Running) -> None:
    """`fsck` over all of it."""
    assert server.administer("fsck", "--ledger", "default") == "sound\n"
