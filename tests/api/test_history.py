"""The past over HTTP: real events in, rows and numbers with their proof out.

Long since every listing and number is asked of one server's one history.
"""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import click
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.cli import cli
from api.listings import LISTINGS
from domain.event import read_event
from pipeledger.ci import Job
from pipeledger.cli import VERBS
from pipeledger.event import build_event
from pipeledger.page import is_ours
from pipeledger.words import data_of, form_of
from tests.projections.recounting import recount
from tests.serving import BIN, event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.serving import Running

MARCH = {"from": "2026-03-01", "to": "2026-04-01"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that was told of three deployments and an incident."""
    with serving(tmp_path_factory.mktemp("history") / "data") as running:
        with running.http() as client:
            for number, content in enumerate("aba"):
                told = event(number, artifact={"digest": f"sha256:{content * 64}"})
                told["time"] = f"2026-03-{number + 2:02d}T10:00:00Z"
                assert client.post("/events", json=told).status_code == 201
            for number, place in ((5, "staging"), (6, "the moon; id")):
                told = event(number, service=place.split()[-1], environment=place)
                told["time"] = "2026-03-05T10:00:00Z"
                assert client.post("/events", json=told).status_code == 201
            told = event(9)
            told |= {"type": "pipeledger.incident.opened.v1", "time": "2026-03-03T11:00:00Z"}
            told["data"] = {"incident": "i", "service": "checkout", "environment": "production"}
            assert client.post("/events", json=told).status_code == 201
        yield running


@pytest.fixture
def client(server: Running) -> Iterator[httpx.Client]:
    """An operator's client."""
    with server.http() as one:
        yield one


def test_deployments_come_with_what_proves_them(client: httpx.Client) -> None:
    """Position, root, checkpoint, parameters and definitions."""
    answer = client.get("/deployments", params=MARCH | {"service": "checkout"})
    told = answer.json()
    assert [row["kind"] for row in told["tables"]["deployments"]] == [
        "planned", "planned", "rollback",
    ]  # fmt: skip
    proof = told["proof"]
    assert answer.headers["Pipeledger-Position"] == str(proof["position"])
    assert proof["checkpoint"].startswith(proof["origin"] + "\n")
    assert proof["definitions"]["digest"] == answer.headers["Pipeledger-Definitions"]
    assert proof["parameters"]["window_from"] == "2026-03-01T00:00:00Z"


def test_the_numbers_say_what_they_counted(client: httpx.Client) -> None:
    """Two of three failed: one was rolled back, after one an incident began."""
    told = client.get("/metrics/dora", params=MARCH).json()["tables"]
    (row,) = told["dora"]
    assert (row["counted"], row["failed"], row["failed_by_rollback"]) == (3, 1, 1)
    (row,) = client.get("/metrics/mttr", params=MARCH).json()["tables"]["mttr"]
    assert (row["incidents"], row["open"], row["mttr_s"]) == (0, 1, None)


def test_the_numbers_come_with_the_entries_behind_them_where_these_are_wanted(
    client: httpx.Client,
) -> None:
    """In the same proved answer; their count is the number, their positions are readable."""
    params = MARCH | {"evidence": "true", "group_by": "service", "bucket": "week"}
    told = client.get("/metrics/dora", params=params).json()
    tables = told["tables"]
    recount(tables["dora_evidence"], tables["dora"], [])
    assert "dora_evidence" in told["proof"]["definitions"]["names"]
    failed = [
        row for row in tables["dora_evidence"]
        if (row["part"], row["metric"], row["role"]) == ("window", "change_fail_rate", "numerator")
    ]  # fmt: skip
    assert [row["key"].split()[-1] for row in failed] == ["d-1"]
    for position in failed[0]["positions"]:
        assert client.get(f"/entries/{position}").status_code == 200
    tables = client.get("/metrics/mttr", params=MARCH | {"evidence": "true"}).json()["tables"]
    assert [(row["metric"], row["role"]) for row in tables["dora_evidence"]] == [("mttr", "open")]
    assert "dora_evidence" not in client.get("/metrics/dora", params=MARCH).json()["tables"]


def test_the_entries_behind_numbers_come_page_by_page_and_as_csv(client: httpx.Client) -> None:
    """The pages, all of one state, are the whole."""
    params: dict[str, Any] = MARCH | {"evidence": "true"}
    whole = client.get("/metrics/dora", params=params).json()["tables"]["dora_evidence"]
    pages, answer = [], client.get("/metrics/dora", params=params | {"limit": 5})
    while True:
        pages += answer.json()["tables"]["dora_evidence"]
        if "Link" not in answer.headers:
            break
        following = answer.headers["Link"].partition(">")[0].removeprefix("<")
        answer = client.get(following.partition("/default")[2])
    assert pages == whole
    assert len(whole) > 5
    text = client.get("/metrics/dora", params=params, headers={"Accept": "text/csv"}).text
    assert text.startswith('"part","window_from","window_to","group_key","metric"')
    assert text.count("\n") == 1 + len(whole)


def test_an_answer_at_an_earlier_position_stays_what_it_was(client: httpx.Client) -> None:
    """Whatever the ledger learnt since."""
    early = client.get("/deployments", params={"known_at": "4"}).json()
    assert early["proof"]["position"] == 4
    first = early["tables"]["deployments"]
    told = event(77)
    assert client.post("/events", json=told).status_code == 201
    again = client.get("/deployments", params={"known_at": "4"}).json()
    assert again["tables"]["deployments"] == first
    assert again["proof"]["root"] == early["proof"]["root"]


def test_knowledge_of_a_day_is_that_of_its_first_instant(client: httpx.Client) -> None:
    """What is no such time is told all that may stand there."""
    seq = json.loads(client.get("/entries/1/raw").content.split(b"\n")[0])
    day = date.fromisoformat(seq["at"][:10])
    said = client.get("/services", params={"known_at": f"{day}"}).text
    assert "the ledger knew nothing yet" in said
    after = day + timedelta(days=1)
    found, same = (
        client.get("/services", params={"known_at": one}).json()["proof"]["position"]
        for one in (f"{after}", f"{after}T00:00:00Z")
    )
    assert found == same > 0
    said = client.get("/services", params={"known_at": "3 784"}).text
    assert "expected a position, a day, or RFC 3339 with offset" in said


def test_an_unchanged_answer_is_not_sent_again(client: httpx.Client) -> None:
    """By its tag, which changes with position, parameters and form."""
    first = client.get("/services")
    tag = first.headers["ETag"]
    assert client.get("/services", headers={"If-None-Match": tag}).status_code == 304
    for headers, params in (({"Accept": "text/csv"}, {}), ({}, {"service": "checkout"})):
        other = client.get("/services", headers=headers | {"If-None-Match": tag}, params=params)
        assert other.status_code == 200
        assert other.headers["ETag"] != tag


def test_pages_are_of_one_state(client: httpx.Client) -> None:
    """The next page is asked for at the position of the first."""
    first = client.get("/deployments", params={"limit": 2})
    assert "known_at=" in first.headers["Link"]
    following = first.headers["Link"].partition(">")[0].removeprefix("<")
    second = client.get(following.partition("/default")[2])
    keys = [
        row["deployment_key"] for page in (first, second)
        for row in page.json()["tables"]["deployments"]
    ]  # fmt: skip
    assert len(keys) == len(set(keys)) >= 3
    assert first.json()["proof"]["position"] == second.json()["proof"]["position"]


def test_tables_come_in_every_form(client: httpx.Client) -> None:
    """CSV, an Arrow stream, Parquet."""

    def get(media: str) -> bytes:
        params = MARCH | {"service": "checkout"}
        return client.get("/deployments", params=params, headers={"Accept": media}).content

    rows = pq.read_table(io.BytesIO(get("application/vnd.apache.parquet")))
    stream = pa.ipc.open_stream(get("application/vnd.apache.arrow.stream")).read_all()
    assert rows.equals(stream)
    assert rows["deployment"].to_pylist() == ["d-0", "d-1", "d-2"]
    assert get("text/csv").count(b"\n") == 4


@pytest.mark.parametrize(
    ("path", "params", "why", "run"),
    [
        ("/deployments", {"service": "nobody"}, "that matches", "emit deployment.finished"),
        ("/deployments", MARCH | {"to": "2026-03-02"}, "the latest was at 2026-0", "query"),
        ("/metrics/dora", {"service": "nobody"}, "that matches", "emit deployment.finished"),
        ("/metrics/dora", {"to": "2025-03-02"}, "lies in the window", "query deployments"),
        ("/metrics/dora", MARCH | {"service": "staging"}, "g (staging)", "query environments"),
        (
            "/metrics/dora",
            MARCH | {"service": "id"},
            "the moon; id (of unknown tier)",
            "-server environment register --reason WHY -- 'the moon; id' TIER",
        ),
        ("/metrics/mttr", {"service": "nobody"}, "that matches", "emit incident.opened"),
        ("/incidents", {"team": "nobody"}, "that matches", "emit incident.opened"),
    ],
)
def test_an_empty_answer_says_why_and_what_to_run(
    client: httpx.Client, path: str, params: dict[str, Any], why: str, run: str
) -> None:
    """Nothing at all, nothing in the window, or nothing of production; and the next step."""
    told = client.get(path, params=params).json()
    assert why in told["empty"]["why"]
    assert run in told["empty"]["run"]
    assert is_ours(told["empty"]["run"])


def test_an_answer_with_something_in_it_is_not_called_empty(client: httpx.Client) -> None:
    """Also where a metric has nothing but an open incident."""
    for path in ("/deployments", "/metrics/dora", "/metrics/mttr"):
        assert "empty" not in client.get(path, params=MARCH).json()


@pytest.mark.parametrize("name", LISTINGS)
def test_every_table_is_listed_or_says_what_makes_a_row(client: httpx.Client, name: str) -> None:
    """Under its own name, and by each of the words that it may be narrowed by."""
    answer = client.get(f"/{name}")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    (rows,) = told["tables"].values()
    assert bool(rows) != bool(told.get("empty"))
    words: dict[str, str] = dict.fromkeys(LISTINGS[name].filters, "nobody")
    assert "that matches" in client.get(f"/{name}", params=words).json()["empty"]["why"]


@pytest.mark.parametrize("name", LISTINGS)
def test_what_it_says_to_run_makes_an_event(name: str) -> None:
    """The words of `emit` are a valid event once the names in capitals are filled in."""
    run = LISTINGS[name].origin.run
    assert is_ours(run)
    command, verb, *words = shlex.split(run)
    if command == "pipeledger-server":
        assert verb in cli.list_commands(click.Context(cli))
        return
    if verb != "emit":
        assert verb in VERBS
        return
    filled = [
        word.replace("DIGEST", "sha256:" + "a" * 64).replace("SHA", "c" * 40)
        .replace("TIME", "2026-03-01T10:00:00Z").replace("URL", "https://code.example/acme/shop")
        for word in words
    ]  # fmt: skip
    form = form_of(filled[0])
    event = build_event(form, data_of(filled[1:]), Job("", {}), "https://ci.example")
    assert read_event(event).type == f"pipeledger.{form.type}"


def test_an_artifact_is_told_with_what_was_done_with_it(client: httpx.Client) -> None:
    """By its digest: its deployments, tests, scans and approvals."""
    told = client.get(f"/artifacts/sha256:{'a' * 64}").json()["tables"]
    assert [row["digest"] for row in told["artifacts"]] == ["sha256:" + "a" * 64]
    assert [row["deployment"] for row in told["deployments"]] == ["d-2", "d-0"]
    assert set(told) == {"artifacts", "deployments", "tests", "scans", "approvals"}
    unknown = client.get(f"/artifacts/sha256:{'f' * 64}").json()
    assert "no artifact was reported that matches" in unknown["empty"]["why"]
    assert client.get("/artifacts/latest").status_code == 400


def test_the_line_of_a_thing_is_told_with_the_rows_that_it_is_made_of(client: httpx.Client) -> None:
    """From the deployment or from its artifact; rows alone in the other forms."""
    told = client.get("/trace/d-1").json()
    hops = {hop["hop"]: hop for hop in told["trace"]["hops"]}
    assert [one["id"] for one in hops["deployment"]["items"]] == ["d-1"]
    assert hops["build"]["gap"]["run"].startswith("pipeledger emit build service=checkout")
    assert [row["id"] for row in told["tables"]["trace_items"] if row["hop"] == "deployment"] == [
        "d-1"
    ]
    assert told["proof"]["parameters"]["trace"] == "d-1"
    digest = client.get(f"/trace/sha256:{'b' * 64}").json()["tables"]["trace_items"]
    assert [row["id"] for row in digest if row["hop"] == "deployment"] == ["d-1"]
    rows = client.get("/trace/d-1", headers={"Accept": "text/csv"}).text
    assert rows.startswith('"hop_number","hop"')


def test_a_line_that_is_had_already_or_that_nobody_knows_is_not_told(client: httpx.Client) -> None:
    """304, 404; a word of several commits, or none, is refused."""
    first = client.get("/trace/d-1")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/trace/d-1", headers=tag).status_code == 304
    assert client.get("/trace/d-2", headers=tag).status_code == 200
    for word in ("nobody", "https:%2F%2Fcode.example%2Facme%2Fshop%237"):
        assert client.get(f"/trace/{word}").status_code == 404
    assert client.get("/trace/d-1", params={"known_at": "2"}).status_code == 404
    unknown = client.get("/trace/d-1", params={"service": "x"}).json()
    assert unknown["place"] == "query service"
    assert unknown["detail"] == "there is no such parameter here; there are known_at"


def test_what_held_at_an_instant_is_told(client: httpx.Client) -> None:
    """Of what holds for a span."""
    told = client.get("/environments", params={"at": "2026-03-10"}).json()["tables"]
    assert {row["environment"] for row in told["environments"]} >= {"production", "staging"}
    told = client.get("/environments", params={"at": "9999-12-31"}).json()
    assert "held at that instant" in told["empty"]["why"]


def test_coverage_ages_unless_an_instant_is_chosen(client: httpx.Client) -> None:
    """Deployments of March are stale today, and were not then; or by a time of one's own."""

    def state(**params: str) -> str:
        told = client.get("/coverage", params={"service": "staging"} | params).json()["tables"]
        found = {row["capability"]: row["state"] for row in told["coverage"]}
        assert found["sast"] == "never"
        return str(found["deployment"])

    assert state() == "stale"
    assert state(at="2026-03-10") == "seen"
    assert state(at="2026-03-10", stale_after_s="60") == "stale"


def test_the_newest_come_first_where_they_are_wanted_so(client: httpx.Client) -> None:
    """Page by page too."""
    params = MARCH | {"service": "checkout", "order": "newest", "limit": "2"}
    first = client.get("/deployments", params=params)
    following = first.headers["Link"].partition(">")[0].removeprefix("<").partition("/default")[2]
    pages = [first, client.get(following)]
    rows = [row["deployment"] for page in pages for row in page.json()["tables"]["deployments"]]
    assert rows == ["d-2", "d-1", "d-0"]


@pytest.mark.parametrize(
    ("path", "params", "place"),
    [
        ("/metrics/dora", {"tz": "Mars/Base"}, "query tz"),
        ("/metrics/dora", {"from": "2026-03-02", "to": "2026-03-01"}, "query to"),
        ("/metrics/dora", {"baseline_from": "2026-03-02"}, "query baseline_to"),
        ("/metrics/dora", {"bucket": "day", "from": "1990-01-01"}, "query bucket"),
        ("/metrics/dora", {"group_by": "person"}, "query group_by"),
        ("/metrics/dora", {"to": "0001-01-10"}, "query to"),
        ("/metrics/dora", {"at": "2026-03-01"}, "query at"),
        ("/metrics/dora", {"limit": "5"}, "query limit"),
        ("/metrics/mttr", {"group_by": "repository"}, "query group_by"),
        ("/metrics/mttr", {"repository": "x"}, "query repository"),
        ("/environments", {"service": "x"}, "query service"),
        ("/environments", {"from": "2026-03-01"}, "query from"),
        ("/deployments", {"at": "2026-03-01"}, "query at"),
        ("/deployments", {"order": "best"}, "query order"),
        ("/deployments", {"stale_after_s": "7"}, "query stale_after_s"),
        ("/deployments", {"from": "yesterday"}, "query from"),
        ("/deployments", {"known_at": "0"}, "query known_at"),
        ("/deployments", {"known_at": "1999-01-01"}, "query known_at"),
        ("/deployments", {"limit": "0"}, "query limit"),
        ("/deployments", {"color": "red"}, "query color"),
    ],
)
def test_a_wrong_question_names_its_place(
    client: httpx.Client, path: str, params: dict[str, Any], place: str
) -> None:
    """A problem that says which parameter."""
    answer = client.get(path, params=params)
    assert (answer.status_code, answer.json()["place"]) == (400, place)


def test_a_window_may_begin_with_the_calendar(client: httpx.Client) -> None:
    """Nothing is counted back from its end where its beginning is said."""
    window = {"from": "0001-01-01", "to": "0001-02-01"}
    answer = client.get("/metrics/dora", params=window)
    assert answer.status_code == 200, answer.text


@pytest.mark.long
def test_rebuild_gives_the_same_answers(tmp_path: Path) -> None:
    """Everything derived is dropped and derived anew, while nobody serves."""
    data = tmp_path / "data"
    with serving(data) as running, running.http() as client:
        for number in range(3):
            assert client.post("/events", json=event(number)).status_code == 201
        before = client.get("/deployments").json()["tables"]
    shown = subprocess.run(
        [BIN / "pipeledger-server", "rebuild", "--data", data], capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip
    assert re.search(r"7 events verified and derived in .* events/s; 0 segments", shown)
    token = subprocess.run(
        [BIN / "pipeledger-server", "token", "create", "--role", "auditor", "--name", "a",
         "--data", data], capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    with serving(data, first=False) as running, running.http(token) as client:
        assert client.get("/deployments").json()["tables"] == before


def test_an_older_state_is_told_only_to_whoever_puts_up_with_one(client: httpx.Client) -> None:
    """With its age; the header is read word by word."""
    before = client.get("/deployments")
    assert "Age" not in before.headers
    before_that = int(before.headers["Pipeledger-Position"])
    assert client.post("/events", json=event(4177)).status_code == 201
    patient = client.get("/deployments", headers={"Cache-Control": "no-transform, max-age=299"})
    assert int(patient.headers["Pipeledger-Position"]) == before_that
    assert 1 <= int(patient.headers["Age"]) <= 299
    for said in ("max-age=0", "s-max-age=299", "no-cache", "max-age=x"):
        newest = client.get("/deployments", headers={"Cache-Control": said})
        assert int(newest.headers["Pipeledger-Position"]) == before_that + 1
