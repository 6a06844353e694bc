"""The HTTP interface of a real server: what goes in, what comes out, what is refused."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from domain.log.entry import leaf_hash
from pipeledger.verifier.stream import check_stream
from pipeledger.verifier.trust import trusted_log
from tests.serving import PLAIN, Running, event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

STRUCTURED = {"Content-Type": "application/cloudevents+json"}
NDJSON = {"Content-Type": "application/x-ndjson"}
BATCH = {"Content-Type": "application/cloudevents-batch+json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for the module."""
    with serving(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture
def http(server: Running) -> Iterator[httpx.Client]:
    """The operator's client."""
    with server.http() as client:
        yield client


def post(http: httpx.Client, value: Any, **headers: str) -> httpx.Response:  # noqa: ANN401 - JSON
    """Send one structured event."""
    return http.post("/events", content=json.dumps(value), headers=STRUCTURED | headers)


def test_a_receipt_holds_the_entry_and_a_checkpoint(http: httpx.Client) -> None:
    """The two lines hash to the leaf; a repeat gives the same entry with 200."""
    first = post(http, event(1))
    assert first.status_code == 201
    receipt = first.json()
    raw = f"{receipt['seq']}\n{receipt['ctx']}".encode()
    assert leaf_hash(raw).hex() == receipt["leaf"]
    assert int(receipt["checkpoint"].split("\n")[1]) >= receipt["position"]
    again = post(http, event(1))
    assert again.status_code == 200
    assert again.json() == receipt
    assert http.get(f"/entries/{receipt['position']}/raw").content == raw


def test_the_same_id_with_other_bytes_is_a_conflict(http: httpx.Client) -> None:
    """Nothing is replaced."""
    assert post(http, event(2)).status_code == 201
    answer = post(http, event(2, outcome="failure"))
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"


def test_binary_mode_is_taken(http: httpx.Client) -> None:
    """Attributes in headers, each once, data in the body."""
    value = event(3)
    headers = {f"ce-{key}": text for key, text in value.items() if key != "data"}
    answer = http.post(
        "/events",
        content=json.dumps(value["data"]),
        headers=headers | {"Content-Type": "application/json"},
    )
    assert answer.status_code == 201
    shown = http.get(f"/entries/{answer.json()['position']}").json()
    assert shown["event"]["id"] == "evt-3"
    for name in ("ce-id", "ce-data"):
        twice = [*headers.items(), (name, "evt-4"), ("Content-Type", "application/json")]
        answer = http.post("/events", content=json.dumps(value["data"]), headers=twice)
        assert (answer.status_code, answer.json()["place"]) == (400, f"header {name}")


@pytest.mark.parametrize("form", ["batch", "lines"])
def test_a_batch_is_independent_events(http: httpx.Client, form: str) -> None:
    """Good ones are kept, a bad one is named, the answer says which is which."""
    start = 100 if form == "batch" else 200
    values = [event(start), event(start + 1, outcome="great"), event(start + 2)]
    if form == "batch":
        answer = http.post("/events", content=json.dumps(values), headers=BATCH)
    else:
        text = "\n".join(json.dumps(value) for value in values)
        answer = http.post("/events", content=text, headers=NDJSON)
    assert answer.status_code == 207
    lines = answer.json()["receipts"]
    assert [line["status"] for line in lines] == [201, 400, 201]
    assert lines[1]["problem"]["place"] == "field data.outcome"
    assert lines[2]["receipt"]["position"] == lines[0]["receipt"]["position"] + 1


def test_an_atomic_batch_is_all_or_nothing(http: httpx.Client) -> None:
    """One bad event keeps the others out."""
    before = http.get("/log/checkpoint").text
    values = [event(300), event(301, outcome="great")]
    answer = http.post("/events?atomic=1", content=json.dumps(values), headers=BATCH)
    assert answer.status_code == 400
    assert http.get("/log/checkpoint").text == before


REFUSED: dict[str, tuple[bytes, dict[str, str], int, str]] = {
    "a key twice": (b'{"id":1,"id":2}', STRUCTURED, 400, "byte 8 (id)"),
    "invalid UTF-8": (b'{"id":"\xff"}', STRUCTURED, 400, "byte 7"),
    "nothing": (b"", STRUCTURED, 400, "byte 0"),
    "an array": (b"[]", STRUCTURED, 400, "document"),
    "an empty batch": (b"[]", BATCH, 400, "body"),
    "an object as batch": (b"{}", BATCH, 400, "document"),
    "another content type": (b"{}", {"Content-Type": "text/plain"}, 415, ""),
    "too large": (b" " * 1_048_577, STRUCTURED, 413, "body"),
    "a gzip bomb": (
        gzip.compress(b" " * 50_000_000, 1), STRUCTURED | {"Content-Encoding": "gzip"}, 413, "body",
    ),
    "a cut gzip stream": (
        gzip.compress(b"{}" * 500)[:-9], STRUCTURED | {"Content-Encoding": "gzip"}, 400, "body",
    ),
    "no gzip at all": (b"{}", STRUCTURED | {"Content-Encoding": "gzip"}, 400, "body"),
    "another encoding": (
        b"{}", STRUCTURED | {"Content-Encoding": "br"}, 400, "header content-encoding",
    ),
    "a header that is no UTF-8": (
        b"{}", {"ce-specversion": "1.0", "ce-id": "%ff"}, 400, "header ce-id",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "headers", "status", "place"), REFUSED.values(), ids=REFUSED)
def test_bad_bodies_get_a_problem_with_the_place(
    http: httpx.Client, body: bytes, headers: dict[str, str], status: int, place: str
) -> None:
    """And nothing is kept of them."""
    before = http.get("/log/checkpoint").text
    answer = http.post("/events", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().get("place", "") == place
    assert http.get("/log/checkpoint").text == before


@pytest.mark.parametrize(
    "kind", ["approval.granted", "ledger.created", "token.issued", "event.voided"]
)
def test_decisions_and_ledger_events_are_refused_at_this_door(
    http: httpx.Client, kind: str
) -> None:
    """403, whoever asks."""
    value = event(400) | {"type": f"pipeledger.{kind}.v1"}
    value["data"] |= {
        "approval": "a", "origin": "o", "hash": "h", "format": 1, "keys": ["k"],
        "credential": "c", "position": 1, "reason": "r",
    }  # fmt: skip
    answer = post(http, value)
    assert (answer.status_code, answer.json()["place"]) == (403, "field type")


def test_without_a_valid_token_nothing_is_answered(server: Running) -> None:
    """A wrong token and a ledger that is not there look alike."""
    answers = [
        httpx.get(f"{server.url}/v1/default/entries", verify=PLAIN),
        httpx.get(
            f"{server.url}/v1/default/entries",
            headers={"Authorization": "Bearer plt_wrong"},
            verify=PLAIN,
        ),
        httpx.get(
            f"{server.url}/v1/other/entries",
            headers={"Authorization": f"Bearer {server.token}"},
            verify=PLAIN,
        ),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


def test_every_unknown_way_is_a_problem_too(server: Running, http: httpx.Client) -> None:
    """404, 405 and bad queries, as problem details."""
    for answer, status in (
        (httpx.get(f"{server.url}/nowhere", verify=PLAIN), 404),
        (http.delete("/entries"), 405),
        (http.get("/entries?limit=0"), 400),
        (http.get("/entries?from=yesterday"), 400),
        (http.get("/entries?type=a%00"), 400),
        (http.get("/entries/0"), 400),
        (http.get("/entries/999999"), 404),
        (http.get("/entries/99999999999999999999"), 400),
        (http.get("/log/consistency?from=3&to=2"), 400),
    ):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


def test_entries_are_filtered_and_paged(http: httpx.Client) -> None:
    """By stream, tag and type; the cursor stands in body and header."""
    for number in range(500, 505):
        assert post(http, event(number, environment="staging")).status_code == 201
    both = ["environment:staging", "service:checkout"]
    found = http.get("/entries", params={"tag": both})
    assert len(found.json()["entries"]) == 5
    stream = http.get("/streams/line/checkout@staging").json()
    assert [entry["number"] for entry in stream["entries"]] == [1, 2, 3, 4, 5]
    page = http.get("/entries", params={"tag": both, "limit": 2})
    following = http.get(
        httpx.URL(page.links["next"]["url"]).query.decode().join(["/entries?", ""])
    )
    assert [x["position"] for x in following.json()["entries"]] == [
        x["position"] for x in found.json()["entries"][2:4]
    ]
    assert http.get("/entries", params={"type": "pipeledger.ledger.*"}).json()["entries"][0][
        "position"
    ] == 1  # fmt: skip
    assert http.get("/entries", params={"known_at": "1"}).json()["entries"][-1]["position"] == 1
    assert int(page.headers["Pipeledger-Position"]) > 5


def test_a_stream_is_shown_whole_under_one_checkpoint_whatever_comes_meanwhile(
    http: httpx.Client,
) -> None:
    """The client's verifier finds it complete; later pages are proved as the first one was."""
    for number in range(520, 525):
        assert post(http, event(number, environment="blue")).status_code == 201
    stream = http.get("/streams/line/checkout@blue").json()
    log = trusted_log(http.get("/log/keys").json()["keys"])
    shown = tuple(entry["position"] for entry in stream["entries"])
    assert check_stream(stream, [log]).positions == shown
    assert len(shown) == 5
    assert post(http, event(525, environment="blue")).status_code == 201
    query = {"known_at": stream["size"], "limit": 3}
    first = http.get("/streams/line/checkout@blue", params=query)
    assert 'rel="next"' in first.headers["link"]
    query["after"] = first.json()["next"]
    second = http.get("/streams/line/checkout@blue", params=query).json()
    assert first.json()["checkpoint"] == second["checkpoint"] == stream["checkpoint"]
    assert first.json()["entries"] + second["entries"] == stream["entries"]
    beyond = http.get("/streams/line/checkout@blue", params={"known_at": 10**6})
    assert beyond.status_code == 400


def test_names_and_texts_stay_out_of_entries(http: httpx.Client) -> None:
    """A canary in every personal place is in no entry, stream, tag, source or event."""
    value = event(
        600,
        actor={"login": "canary-login", "email": "canary@example.com", "name": "Canary Bird"},
        triggered_by="canary-login",
        reason="canary wrote this",
        repository="https://code.example/canary-login/checkout",
        ref="refs/heads/canary-login-fix",
        note="ask canary@example.com",
    )
    value["source"] = "https://ci.example/canary-login/checkout"
    position = post(http, value).json()["position"]
    entry = http.get(f"/entries/{position}").json()
    raw = http.get(f"/entries/{position}/raw").text
    assert "canary" not in raw.lower()
    assert "canary" not in json.dumps(entry).lower()
    assert entry["event"]["data"]["actor"] == entry["event"]["data"]["triggered_by"]
    part = http.get(f"/entries/{position}/parts/text").json()
    assert part["name"] == "text"


def test_roles_are_kept(server: Running) -> None:
    """An emitter reads no parts, an auditor sends nothing."""
    token = server.token_of
    with server.http(token("emitter")) as emitter, server.http(token("auditor")) as auditor:
        sent = post(emitter, event(700))
        assert sent.status_code == 201
        place = f"/entries/{sent.json()['position']}/parts/event"
        assert emitter.get(place).status_code == 403
        assert auditor.get(place).status_code == 200
        assert post(auditor, event(701)).status_code == 403
