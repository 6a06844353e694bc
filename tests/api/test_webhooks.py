"""Systems deliver by their own webhooks, and nobody else does in their name.

Long since every way in is tried at one server.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import os
from base64 import b64decode
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
import pytest

from api.gaps import record_gaps
from api.granting import Granting
from api.host import Host, Settings, now
from store.ledger.ledger import SERVER
from tests.serving import PLAIN, Running, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store.postgres.database import Database

REPOSITORY = {"name": "shop", "html_url": "https://code.example/acme/shop", "node_id": "R_1"}
CANARY = "quetzal"
BODY: dict[str, Any] = {
    "action": "closed",
    "number": 5,
    "pull_request": {
        "number": 5, "merged": True, "merged_at": "2026-01-01T12:00:00Z", "title": CANARY,
        "user": {"login": CANARY}, "merge_commit_sha": "a" * 40,
    },
    "repository": REPOSITORY,
    "sender": {"login": CANARY, "node_id": "U_1"},
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for the module."""
    with serving(tmp_path_factory.mktemp("webhooks") / "data") as running:
        yield running


class Hub:
    """A code host that delivers to one source."""

    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        self.secret = secret

    def deliver(
        self, body: bytes | dict[str, Any], *, secret: str | None = None, **headers: str
    ) -> httpx.Response:
        """Sign and send, as the code host does."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        digest = hmac.new((secret or self.secret).encode(), raw, "sha256").hexdigest()
        said = {
            "Content-Type": "application/json", "X-GitHub-Event": "pull_request",
            "X-GitHub-Delivery": os.urandom(16).hex(), "X-Hub-Signature-256": f"sha256={digest}",
        } | {name.replace("_", "-"): value for name, value in headers.items()}  # fmt: skip
        return httpx.post(self.url, content=raw, headers=said, timeout=60, verify=PLAIN)


@pytest.fixture
def hub(server: Running, request: pytest.FixtureRequest) -> Hub:
    """A source of its own for each test, made over HTTP."""
    name = "hub-" + hashlib.sha256(request.node.name.encode()).hexdigest()[:8]
    with server.http() as http:
        answer = http.post("/sources", json={"kind": "github", "name": name})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    assert made["url"] == f"{server.url}/v1/default/intake/{name}"
    return Hub(made["url"], made["secret"])


def _entry(server: Running, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.text
    position = answer.json()["receipts"][0]["receipt"]["position"]
    with server.http() as http:
        return dict(http.get(f"/entries/{position}").json())


def _listed(server: Running, hub: Hub) -> dict[str, Any]:
    with server.http() as http:
        found = http.get("/sources").json()["sources"]
    (one,) = [one for one in found if one["name"] == hub.url.rpartition("/")[2]]
    return dict(one)


def test_a_delivery_becomes_an_observed_fact(server: Running, hub: Hub) -> None:
    """By a webhook's credential, about the system's own repository, with people as ids."""
    entry = _entry(server, hub.deliver(BODY))
    assert entry["type"] == "pipeledger.change.merged"
    assert (entry["assurance"], entry["by"]["how"]) == ("observed", "webhook")
    assert entry["event"]["source"] == REPOSITORY["html_url"]
    assert entry["event"]["time"] == "2026-01-01T12:00:00Z"
    assert entry["event"]["data"]["time_basis"] == "source"
    assert CANARY not in json.dumps(entry)
    with server.http() as http:
        part = http.get(f"/entries/{entry['position']}/parts/original")
        assert part.status_code == 200


def test_a_long_description_hides_no_change(server: Running, hub: Hub) -> None:
    """As much of it as an event carries; the original has all of it."""
    told = {"body": f"a\0{'b' * 70_000}", "title": "\1" * 70_000}
    body = BODY | {"pull_request": BODY["pull_request"] | told}
    entry = _entry(server, hub.deliver(body))
    assert entry["type"] == "pipeledger.change.merged"
    with server.http() as http:
        text, original = (
            json.loads(
                b64decode(http.get(f"/entries/{entry['position']}/parts/{name}").json()["bytes"])
            )
            for name in ("text", "original")
        )
    assert text["/title"] == "\1" * 65_536
    assert text["/description"] == "a" + "b" * 65_535
    assert original == body


def test_the_same_body_again_is_the_same_delivery(server: Running, hub: Hub) -> None:
    """Whatever its unsigned headers say: ids come from what was signed."""
    body = BODY | {"number": 6}
    first = hub.deliver(body)
    again = hub.deliver(body, X_GitHub_Delivery="another")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["receipts"] == [again.json()["receipts"][0] | {"status": 201}]
    assert _listed(server, hub)["delivered"] == 1


def test_a_batch_comes_packed_with_a_bearer_token(server: Running) -> None:
    """As OPA uploads its decision log."""
    with server.http() as http:
        made = http.post("/sources", json={"kind": "opa", "name": "opa"}).json()
    decisions = [
        {"decision_id": str(number), "path": "shop/allow", "result": bool(number), "labels": {},
         "timestamp": "2026-01-01T10:00:00Z", "input": {"token": CANARY}}
        for number in range(2)
    ]  # fmt: skip
    headers = {
        "Content-Type": "application/json", "Content-Encoding": "gzip",
        "Authorization": f"Bearer {made['secret']}",
    }  # fmt: skip
    body = gzip.compress(json.dumps(decisions).encode())
    answer = httpx.post(made["url"], content=body, headers=headers, timeout=60, verify=PLAIN)
    assert len(answer.json()["receipts"]) == len(decisions)
    entry = _entry(server, answer)
    assert entry["type"] == "pipeledger.policy.evaluated"
    assert entry["event"]["data"]["decision"] == "deny"
    assert CANARY not in json.dumps(entry)
    headers["Authorization"] = "Bearer other"
    refused = httpx.post(made["url"], content=body, headers=headers, timeout=60, verify=PLAIN)
    assert refused.status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.parametrize("fault", ["secret", "body", "signature", "name", "ledger", "none"])
def test_what_does_not_prove_itself_is_refused_and_all_look_alike(
    server: Running, hub: Hub, fault: str
) -> None:
    """A wrong secret, a changed body, no signature, no such source: one and the same 401."""
    with server.http() as http:
        before = http.get("/entries", params={"limit": 1000}).json()["entries"][-1]["position"]
        if fault == "secret":
            answer = hub.deliver(BODY, secret="0" * 64)
        elif fault == "body":
            good = hub.deliver(BODY).request.headers
            signature = {"X-Hub-Signature-256": good["X-Hub-Signature-256"]}
            answer = httpx.post(hub.url, json=BODY | {"number": 6}, headers=signature, verify=PLAIN)
            before += 1
        elif fault == "signature":
            answer = hub.deliver(BODY, X_Hub_Signature_256="sha256=" + "0" * 64)
        elif fault == "name":
            answer = Hub(hub.url + "x", hub.secret).deliver(BODY)
        elif fault == "ledger":
            answer = Hub(hub.url.replace("/default/", "/other/"), hub.secret).deliver(BODY)
        else:
            answer = httpx.post(hub.url, json=BODY, verify=PLAIN)
        assert answer.status_code == 401
        assert answer.json()["detail"].startswith("no source of this name, or")
        after = http.get("/entries", params={"limit": 1000}).json()["entries"][-1]["position"]
    assert after <= before


def test_a_header_that_disagrees_with_the_body_is_recorded_and_not_believed(
    server: Running, hub: Hub
) -> None:
    """Anybody on the way could have changed it."""
    entry = _entry(server, hub.deliver(BODY | {"number": 7}, X_GitHub_Event="push"))
    assert entry["type"] == "pipeledger.change.merged"
    assert entry["event"]["data"]["header_kind"] == "push"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            {"action": "started", "repository": REPOSITORY, "sender": BODY["sender"]},
            "no event type",
        ),
        ({"something": "else"}, "no event type"),
        (b"{", "no event type"),
        (b"\xff", "byte 0"),
        (b'{"a":"\x00"}', "byte 6"),
        (BODY | {"pull_request": [CANARY]}, "field pull_request"),
        (BODY | {"pull_request": {"merged": True, "number": 2**60}}, "data.number"),
    ],
)
def test_what_no_event_type_is_for_is_kept_and_reported(
    server: Running, hub: Hub, body: Any, reason: str  # noqa: ANN401 - JSON or bytes
) -> None:  # fmt: skip
    """A refused delivery would be repeated and then lost."""
    answer = hub.deliver(body, X_GitHub_Event="watch")
    entry = _entry(server, answer)
    assert entry["type"] == "pipeledger.source.unmapped"
    assert entry["event"]["data"]["kind"] == "watch"
    with server.http() as http:
        text = http.get(f"/entries/{entry['position']}/parts/text").json()["bytes"]
        assert reason in b64decode(text).decode()
        kept = http.get(f"/entries/{entry['position']}/parts/original").json()
    assert kept
    listed = _listed(server, hub)
    assert (listed["delivered"], listed["unmapped"]) == (1, 1)


def test_a_ping_says_that_the_source_is_there(server: Running, hub: Hub) -> None:
    """Recorded as its heartbeat."""
    body = {"zen": "Keep it simple.", "hook_id": 1, "repository": REPOSITORY}
    entry = _entry(server, hub.deliver(body, X_GitHub_Event="ping"))
    assert entry["type"] == "pipeledger.source.heartbeat"
    assert entry["streams"][0]["name"] == f"source/{hub.url.rpartition('/')[2]}"


def test_a_form_is_read_too(server: Running, hub: Hub) -> None:
    """What is signed is the form as it came."""
    raw = urlencode({"payload": json.dumps(BODY | {"number": 8})}).encode()
    answer = hub.deliver(raw, Content_Type="application/x-www-form-urlencoded")
    assert _entry(server, answer)["type"] == "pipeledger.change.merged"


def test_a_delivery_may_be_large_but_not_endless(hub: Hub) -> None:
    """413, before it is read to its end."""
    assert hub.deliver(b" " * (33 * 1_048_576)).status_code == 413


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b" " * (33 * 1_048_576), {}, 413),
        (b"{}", {"Content-Encoding": "br"}, 400),
        (b"{}", {"Content-Encoding": "gzip"}, 400),
    ],
)
def test_what_is_wrong_with_a_body_tells_no_stranger_which_sources_there_are(
    hub: Hub, body: bytes, headers: dict[str, str], status: int
) -> None:
    """Before the proof, a name that is not there is answered as one that is."""
    answers = [
        httpx.post(url, content=body, headers=headers, timeout=60, verify=PLAIN)
        for url in (hub.url, hub.url + "x", hub.url.replace("/default/", "/other/"))
    ]
    assert {one.status_code for one in answers} == {status}
    assert len({one.text for one in answers}) == 1


def test_only_operators_add_sources(server: Running) -> None:
    """And only of kinds and names that can be."""
    with server.http() as http:
        for body, status in (
            ({"kind": "unheard-of"}, 400),
            ({"kind": "github", "name": "Not A Name"}, 400),
            ({"kind": "github", "every_s": 0}, 400),
        ):
            answer = http.post("/sources", json=body)
            assert answer.status_code == status, answer.text
        assert http.post("/sources", json={"kind": "github", "name": "twice"}).status_code == 201
        assert http.post("/sources", json={"kind": "github", "name": "twice"}).status_code == 409
    with server.http(server.token_of("emitter")) as http:
        assert http.post("/sources", json={"kind": "github", "name": "no"}).status_code == 403


def test_a_system_that_makes_the_secret_has_it_brought(server: Running) -> None:
    """Over HTTP and by the command; a secret that can be guessed is none."""
    gitlab = {"object_kind": "deployment", "status": "success", "deployment_id": 1,
              "environment": "live", "project": {"web_url": REPOSITORY["html_url"]}}  # fmt: skip

    def said(name: str, token: str) -> int:
        return httpx.post(
            f"{server.url}/v1/default/intake/{name}",
            json=gitlab,
            headers={"X-Gitlab-Token": token},
            verify=PLAIN,
        ).status_code

    with server.http() as http:
        wanted = {"kind": "gitlab", "name": "lab", "secret": "made-by-the-system"}
        assert http.post("/sources", json=wanted | {"secret": "short"}).status_code == 400
        answer = http.post("/sources", json=wanted)
        assert (answer.status_code, answer.json()["secret"]) == (201, "made-by-the-system")
    assert (said("lab", "made-by-the-system"), said("lab", "made-by-somebody")) == (201, 401)
    words = ("source", "add", "gitlab", "--name", "lab-2", "--secret-file", "-")
    server.administer(*words, stdin="another-of-the-system\n")
    # It is told for the second time.
    assert said("lab-2", "another-of-the-system") == 200
    words = ("source", "add", "gitlab", "--name", "lab-3", "--secret-file", "-")
    assert "at most 1000 characters" in server.administer(*words, stdin="x" * 1001, status=2)


def test_the_command_adds_lists_and_revokes(server: Running) -> None:
    """On the data of a running server; a revoked source is unknown within seconds."""

    def command(*words: str, status: int = 0) -> str:
        return server.administer("source", *words, status=status)

    said = command("add", "github", "--name", "by-hand", "--every", "2h", "--url", server.url,
                   "--incident-when", "severity=critical",
                   "--incident-when", "rule=A=B")  # fmt: skip
    for rule in ("severity", "severity=", "color=red"):
        assert "--incident-when" in command("add", "github", "--incident-when", rule, status=2)
    fields = dict(line.split(None, 1) for line in said.splitlines()[:2])
    assert "Settings, Webhooks" in said
    hub = Hub(fields["url"], fields["secret"])
    assert hub.deliver(BODY | {"number": 9}).status_code == 201
    listed = command("list").splitlines()
    assert listed[0].split()[:5] == ["name", "kind", "delivered", "unmapped", "gaps"]
    (row,) = [line.split() for line in listed if line.startswith("by-hand")]
    assert row[1:5] == ["github", "1", "0", "0"]
    command("revoke", "by-hand")
    assert "by-hand" not in command("list")
    assert "no source by-hand" in command("revoke", "by-hand", status=2)
    with server.http() as http:
        shown = http.get("/entries", params={"type": "pipeledger.source.registered"}).json()
        told = [http.get(f"/entries/{one['position']}").text for one in shown["entries"]]
        assert any("incident_when" in one and "critical" in one for one in told), told
        names = [one["event"]["data"]["name"] for one in shown["entries"] if "event" in one]
        page = http.get("/entries", params={"type": "pipeledger.source.registered"}).text
    assert fields["secret"] not in page
    assert names or "by-hand" in page


def test_a_silence_is_recorded_once_and_ends_with_a_delivery(
    database: Database, tmp_path: Path
) -> None:
    """Counted from the log: another reader, or the same one later, counts the same."""
    with ExitStack() as stack:
        host = stack.enter_context(Host(Settings(tmp_path / "data", database.conninfo)))
        host.create("default", "ledger.example/gaps")
        here = host.open("default")
        stack.callback(here.ledger.close)
        granting = Granting(here, SERVER, now(), os.urandom)
        granting.source("watched", "github", 3600)
        granting.source("unwatched", "github")
        later = now() + timedelta(hours=2)
        assert record_gaps(here, now(), os.urandom) == []
        before = here.ledger.published.size
        assert record_gaps(here, later, os.urandom) == ["watched"]
        assert here.ledger.published.size == before + 1
        record_gaps(here, later + timedelta(hours=1), os.urandom)
        assert here.ledger.published.size == before + 1
        assert here.counts.read(here.ledger.published.size)["watched"].gaps == 1
        assert host.open("default").counts.read(before + 1)["watched"].gaps == 1


def test_an_event_in_headers_and_an_event_in_a_body_are_the_same_fact(server: Running) -> None:
    """CloudEvents' binary and structured mode; another id is another event, though the body is."""
    with server.http() as http:
        made = http.post("/sources", json={"kind": "cdevents", "name": "emitter"}).json()
    context = {"specversion": "0.5.1", "id": "e-1", "source": "/ci/one",
               "type": "dev.cdevents.service.rolledback.0.3.0",
               "timestamp": "2026-01-01T10:00:00Z"}  # fmt: skip
    content = {"environment": {"id": "production"}, "artifactId": "pkg:npm/shop@1"}
    event = {"context": context, "subject": {"id": "shop", "content": content}}

    def post(value: object, kind: str = "application/json", **headers: str) -> httpx.Response:
        told = {name.replace("_", "-"): text for name, text in headers.items()}
        told |= {"Content-Type": kind, "Authorization": f"Bearer {made['secret']}"}
        return httpx.post(
            made["url"], content=json.dumps(value).encode(), headers=told, timeout=60, verify=PLAIN
        )

    attributes = {"ce_specversion": "1.0", "ce_source": "/ci/one", "ce_type": context["type"]}
    first = post(event, ce_id="e-1", **attributes)
    whole = {"specversion": "1.0", "id": "e-1", "source": "/ci/one", "type": context["type"],
             "data": event}  # fmt: skip
    again = post(whole, "application/cloudevents+json")
    assert (first.status_code, again.status_code) == (201, 200)
    entry = _entry(server, first)
    assert entry["event"]["data"]["kind"] == "rollback"
    assert entry["event"]["source"] == "cdevents:/ci/one"
    other = attributes | {"ce_type": "com.example.made"}
    kept = [post({}, ce_id=name, **other) for name in ("a", "b")]
    assert [answer.status_code for answer in kept] == [201, 201]
    entry = _entry(server, kept[1])
    assert entry["type"] == "pipeledger.source.unmapped"
    assert entry["event"]["data"]["kind"] == "com.example.made"
    with server.http() as http:
        part = http.get(f"/entries/{entry['position']}/parts/original").json()
    assert json.loads(b64decode(part["bytes"]))["id"] == "b"
