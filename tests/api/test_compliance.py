"""Controls over HTTP: a catalogue on record, what each control came to, and samples."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from domain.sampling import rank_of
from projections.catalogue import built_in, read_catalogue
from tests.inside import administer
from tests.serving import event, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.serving import Running

MARCH = {"from": "2026-03-01", "to": "2026-04-01"}
OURS = """\
framework = "OURS"
title = "Our rules"
source = "handbook"
verification = "own"
[[controls]]
id = "C/1"
title = "Approved before"
strength = "direct"
tests = ["CHG-02"]
note = "by the board"
[[controls]]
id = "C 2"
title = "Something new"
strength = "supporting"
tests = ["OUR-01"]
"""
TEST = """\
[CHG-02.parameters]
approval_max_age_days = 3
[OUR-01]
title = "Ours"
population = "all"
satisfied = "always"
violated = "never"
audit = "ask us"
empty = "not-applicable"
[OUR-01.parameters]
"""


def approval(number: int, digest: str) -> dict[str, Any]:
    """Somebody's word that a digest may go to production."""
    told = event(number) | {"type": "pipeledger.approval.reported.v1"}
    told["time"] = "2026-03-01T09:00:00Z"
    told["data"] = {
        "approval": f"a-{number}", "verdict": "approved", "approver": "cleo", "service": "s1",
        "subjects": [{"kind": "artifact", "digest": digest}], "environments": ["production"],
    }  # fmt: skip
    return told


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An organisation's own catalogue."""
    made = tmp_path_factory.mktemp("controls")
    (made / "frameworks").mkdir()
    (made / "frameworks" / "ours.toml").write_text(OURS)
    (made / "tests.toml").write_text(TEST)
    return made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[Running]:
    """A server that was told of twelve deployments of three services, and of one approval."""
    data = tmp_path_factory.mktemp("compliance") / "data"
    with serving(data, PIPELEDGER_CONTROLS=str(folder)) as running:
        with running.http() as client:
            for number in range(12):
                digest = f"sha256:{number:064x}"
                told = event(
                    number, artifact={"digest": digest}, url=f"https://ci.example/{number}"
                )
                told["time"] = f"2026-03-{number + 2:02d}T10:00:00Z"
                told["data"]["service"] = f"s{1 + (number > 5) + (number > 9)}"
                assert client.post("/events", json=told).status_code == 201
            assert client.post("/events", json=approval(90, "sha256:" + "f" * 64)).is_success
        yield running


@pytest.fixture
def client(server: Running) -> Iterator[httpx.Client]:
    """An operator's client."""
    with server.http() as one:
        yield one


def published(client: httpx.Client) -> list[dict[str, Any]]:
    """The catalogues on record."""
    page = client.get("/entries", params={"type": "pipeledger.policy.published"}).json()
    return [client.get(f"/entries/{one['position']}").json() for one in page["entries"]]


def test_every_framework_is_told_control_by_control(client: httpx.Client, folder: Path) -> None:
    """A row each, with title, strength and verification; the digest names the catalogue."""
    answer = client.get("/compliance", params=MARCH)
    told = answer.json()
    rows = told["tables"]["control_outcomes"]
    assert len(rows) == 286
    (ours,) = [row for row in rows if row["control"] == "C/1"]
    assert ours["outcome"] == "violated"
    assert (ours["title"], ours["strength"], ours["verification"]) == (
        "Approved before", "direct", "own",
    )  # fmt: skip
    assert (ours["population"], ours["violated"]) == (12, 12)
    digest = read_catalogue(folder).digest
    assert digest == told["catalogue"]["digest"] == answer.headers["Pipeledger-Controls"]
    assert json.loads(told["proof"]["parameters"]["controls"])["catalogue"] == digest
    assert told["proof"]["parameters"]["window_from"] == "2026-03-01T00:00:00Z"


def test_a_framework_s_controls_stand_in_its_own_order(client: httpx.Client) -> None:
    """And no others."""
    rows = client.get("/compliance/PCI-DSS-4.0.1").json()["tables"]["control_outcomes"]
    controls = built_in().frameworks["PCI-DSS-4.0.1"].controls
    assert [row["control"] for row in rows] == [one.id for one in controls]


def test_a_control_comes_with_its_tests_and_its_items(client: httpx.Client) -> None:
    """Their parameters, texts, population, and the entries behind each item."""
    told = client.get("/compliance/OURS/C%2F1", params=MARCH).json()
    (result,) = told["tables"]["control_results"]
    assert (result["test"], result["variant"], result["outcome"]) == (
        "CHG-02", "default", "violated",
    )  # fmt: skip
    assert json.loads(result["parameters"])["approval_max_age_days"] == 3
    assert told["catalogue"]["tests"]["CHG-02"]["audit"] == built_in().tests["CHG-02"].audit
    assert told["catalogue"]["notes"][0]["note"] == "by the board"
    items = told["tables"]["control_items"]
    assert {row["service"]: row["reason"] for row in items} == {
        "s1": "approved is something else: another digest or commit", "s2": "no approval",
        "s3": "no approval",
    }  # fmt: skip
    assert all(row["positions"] for row in items)
    assert len(items) == result["population"] == 12


def test_a_test_that_is_not_built_is_no_pass(client: httpx.Client) -> None:
    """It says so, although the catalogue would call an empty population not applicable."""
    told = client.get("/compliance/OURS/C 2", params=MARCH).json()["tables"]
    (outcome,) = told["control_outcomes"]
    assert (outcome["outcome"], outcome["not_built"]) == ("insufficient-evidence", ["OUR-01"])
    (result,) = told["control_results"]
    assert result["reason"] == "not evaluated: this test is not built"
    assert told["control_items"] == []
    drawn = client.get("/compliance/OURS/C 2", params=MARCH | {"sample": "5", "seed": "7"}).json()
    assert drawn["sample"]["populations"] == []


def test_items_are_narrowed_and_paged_exceptions_first(client: httpx.Client) -> None:
    """By outcome, service and window; pages of one state."""

    def items(**more: str) -> list[dict[str, Any]]:
        answer = client.get("/controls/tests/CHG-02", params=MARCH | more).json()
        found: list[dict[str, Any]] = answer["tables"]["control_items"]
        return found

    assert {row["service"] for row in items(service="s3")} == {"s3"}
    assert items(outcome="satisfied") == []
    assert len(items(outcome="violated", to="2026-03-04")) == 2
    assert items(team="nobody") == []
    first = client.get("/controls/tests/CHG-02", params=MARCH | {"limit": "7"})
    following = first.headers["Link"].partition(">")[0].removeprefix("<").partition("/default")[2]
    second = client.get(following)
    assert "Link" not in second.headers
    keys = [
        row["item_key"] for page in (first, second)
        for row in page.json()["tables"]["control_items"]
    ]  # fmt: skip
    assert len(set(keys)) == 12
    urgencies = [row["urgency"] for row in items()]
    assert urgencies == sorted(urgencies)


def test_what_is_not_there_is_answered_by_what_there_is(client: httpx.Client) -> None:
    """Framework, control, test: 404 with the names."""
    for path, named in (
        ("/compliance/SOC3", "OURS"), ("/compliance/OURS/C3", "C/1, C 2"),
        ("/controls/tests/CHG-99", "OUR-01"),
    ):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 404
        assert named in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "params", "place"),
    [
        ("/compliance", {"at": "2026-03-01"}, "query at"),
        ("/compliance", {"sample": "5"}, "query sample"),
        ("/compliance/OURS/C 2", {"sample": "5"}, "query seed"),
        ("/compliance/OURS/C 2", {"seed": "5"}, "query seed"),
        ("/compliance/OURS/C 2", {"sample": "5", "seed": "a b"}, "query seed"),
        ("/compliance/OURS/C 2", {"sample": "5", "seed": "a", "offset": "5"}, "query offset"),
        ("/compliance/OURS/C 2", {"outcome": "good"}, "query outcome"),
        ("/compliance/OURS/C 2", {"strata": "team"}, "query strata"),
        ("/controls/tests/CHG-02", {"approval_max_age_days": "9"}, "query approval_max_age_days"),
        ("/compliance/OURS", {"from": "2026-03-02", "to": "2026-03-01"}, "query to"),
    ],
)
def test_a_wrong_question_names_its_place(
    client: httpx.Client, path: str, params: dict[str, str], place: str
) -> None:
    """Parameters of tests are the catalogue's alone."""
    answer = client.get(path, params=params)
    assert (answer.status_code, answer.json()["place"]) == (400, place)


def test_the_forms_hold_the_same_rows_and_the_tag_tells_them_apart(client: httpx.Client) -> None:
    """CSV, Parquet; 304 for who has it."""
    path = "/controls/tests/CHG-02"
    whole = client.get(path, params=MARCH)
    rows = whole.json()["tables"]["control_items"]
    parquet = client.get(path, params=MARCH, headers={"Accept": "application/vnd.apache.parquet"})
    table = pq.read_table(io.BytesIO(parquet.content))
    assert table["item_key"].to_pylist() == [row["item_key"] for row in rows]
    text = client.get("/compliance/OURS", params=MARCH, headers={"Accept": "text/csv"}).text
    assert text.count("\n") == 3
    had = {"If-None-Match": whole.headers["ETag"]}
    assert client.get(path, params=MARCH, headers=had).status_code == 304
    for more in ({"sample": "3", "seed": "1"}, {"sample": "3", "seed": "2"}, {"service": "s1"}):
        assert client.get(path, params=MARCH | more, headers=had).status_code == 200


def test_a_sample_can_be_drawn_again_by_hand(client: httpx.Client) -> None:
    """Each service has its share; within it the least ranks are drawn, whatever their order."""
    path, asked = "/compliance/OURS/C%2F1", MARCH | {"sample": "5", "seed": "7"}
    sample = client.get(path, params=asked).json()["sample"]
    assert client.get(path, params=asked).json()["sample"] == sample
    assert client.get(path, params=asked | {"seed": "8"}).json()["sample"] != sample
    (one,) = sample["populations"]
    assert (one["test"], one["population"]) == ("CHG-02", 12)
    assert [tuple(each.values()) for each in one["strata"]] == [
        ("s1", 6, 2), ("s2", 4, 2), ("s3", 2, 1),
    ]  # fmt: skip
    whole = client.get(path, params=MARCH).json()["tables"]["control_items"]
    for stratum in one["strata"]:
        keys = [row["item_key"] for row in whole if row["service"] == stratum["stratum"]]
        ranked = sorted(keys, key=lambda key: rank_of("7", key))
        drawn = [each for each in one["items"] if each["stratum"] == stratum["stratum"]]
        assert [each["item_key"] for each in drawn] == ranked[: stratum["sampled"]]
    by_outcome = client.get(path, params=asked | {"strata": "outcome"}).json()["sample"]
    assert [each["stratum"] for each in by_outcome["populations"][0]["strata"]] == ["violated"]
    rows = client.get(path, params=asked, headers={"Accept": "text/csv"}).text
    assert rows.count("\n") == 6


def test_the_documented_lines_draw_the_same(client: httpx.Client, tmp_path: Path) -> None:
    """With a shell and sha256sum, as the page on compliance has it."""
    path = "/controls/tests/CHG-02"
    (tmp_path / "items.json").write_bytes(client.get(path, params=MARCH).content)
    page = (Path(__file__).parents[2] / "docs" / "compliance.md").read_text()
    script = page.partition("```sh\n")[2].partition("```")[0]
    assert "SERVICE=checkout" in script
    done = subprocess.run(
        ["sh", "-c", script.replace("SERVICE=checkout", "SERVICE=s1")], cwd=tmp_path,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    asked = MARCH | {"sample": "5", "seed": "7"}
    (one,) = client.get(path, params=asked).json()["sample"]["populations"]
    drawn = [each for each in one["items"] if each["stratum"] == "s1"]
    assert done.stdout.count("\n") == 6
    assert done.stdout.splitlines()[: len(drawn)] == [
        f"{each['rank']} {each['item_key']}" for each in drawn
    ]


def test_each_item_of_a_sample_says_what_is_to_be_looked_at(client: httpx.Client) -> None:
    """How to test it, and what the entries behind it say: type, time, source, address."""
    asked = MARCH | {"sample": "12", "seed": "7"}
    told = client.get("/controls/tests/CHG-02", params=asked).json()["sample"]
    for item in told["populations"][0]["items"]:
        number = item["item_key"].rpartition("-")[2]
        assert item["sheet"]["audit"] == built_in().tests["CHG-02"].audit
        entries = item["sheet"]["entries"]
        assert [entry["position"] for entry in entries] == item["positions"]
        (entry,) = [one for one in entries if one["type"] == "pipeledger.deployment.finished"]
        assert entry["source"] == "https://ci.example/acme/checkout"
        assert entry["url"] == f"https://ci.example/{number}"
        assert entry["time"] == item["occurred_at"]


def test_an_answer_at_an_earlier_position_keeps_its_numbers(client: httpx.Client) -> None:
    """Whatever came since."""
    params = MARCH | {"known_at": "8"}
    (before,) = client.get("/controls/tests/CHG-02", params=params).json()["tables"][
        "control_results"
    ]
    assert 0 < before["population"] < 12
    told = event(70, service="s1")
    told["time"] = "2026-04-20T10:00:00Z"
    assert client.post("/events", json=told).status_code == 201
    (after,) = client.get("/controls/tests/CHG-02", params=params).json()["tables"][
        "control_results"
    ]
    assert before == after


def test_the_catalogue_itself_is_told(client: httpx.Client, folder: Path) -> None:
    """With its digest, which is that of its compact JSON."""
    answer = client.get("/controls")
    told = answer.json()
    digest = told.pop("digest")
    said = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert digest == f"sha256:{hashlib.sha256(said.encode()).hexdigest()}"
    assert digest == read_catalogue(folder).digest
    had = {"If-None-Match": answer.headers["ETag"]}
    assert client.get("/controls", headers=had).status_code == 304


def test_compliance_is_for_auditors_and_operators(server: Running) -> None:
    """An emitter's token is refused; nobody's too."""
    made = server.token_of("emitter")
    for path in ("/compliance", "/compliance/SOC3", "/controls", "/controls/tests/CHG-02"):
        with server.http(made) as emitter:
            assert emitter.get(path).status_code == 403
        with server.http("plt_none") as stranger:
            assert stranger.get(path).status_code == 401


def test_each_catalogue_in_effect_is_on_record_once(tmp_path: Path, folder: Path) -> None:
    """With its own bytes, by whose digest answers name it; a stranger's word changes nothing."""
    data = tmp_path / "data"
    with serving(data) as running, running.http() as client:
        (first,) = published(client)
        token = running.token
        forged = event(1) | {"type": "pipeledger.policy.published.v1"}
        digest = read_catalogue(folder).digest
        forged["data"] = {"policy": "pipeledger/controls", "digest": digest, "version": "9"}
        assert client.post("/events", json=forged).status_code == 201
    assert first["assurance"] == "decided"
    said = first["event"]["data"]
    assert (said["policy"], said["version"]) == ("pipeledger/controls", "1")
    assert said["digest"] == built_in().digest
    versions = []
    for settings in ({}, {"PIPELEDGER_CONTROLS": str(folder)}, {}):
        with serving(data, first=False, **settings) as running, running.http(token) as client:
            found = [one for one in published(client) if one["assurance"] == "decided"]
            versions.append([one["event"]["data"]["version"] for one in found])
            raw = client.get(f"/entries/{found[-1]['position']}/raw").content
            (part,) = json.loads(raw.split(b"\n")[1])["parts"]
            body = client.get(f"/documents/{part['c']}").content
            digest = found[-1]["event"]["data"]["digest"]
            assert f"sha256:{hashlib.sha256(body).hexdigest()}" == digest
            assert digest == client.get("/controls").json()["digest"]
    assert versions == [["1"], ["1", "2"], ["1", "2", "3"]]


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("tests.toml", "[CHG-02.parameters]\nlimit = 3\n", "CHG-02.parameters.limit"),
        ("test.toml", "", "test.toml: known here are"),
        ("frameworks/x.toml", "framework = 3", "x.toml"),
    ],
)
def test_a_wrong_file_of_controls_stops_the_start_by_its_place(
    tmp_path: Path, file: str, text: str, place: str
) -> None:
    """One line that names it; also for an export."""
    (tmp_path / "own" / "frameworks").mkdir(parents=True)
    (tmp_path / "own" / file).write_text(text)
    for command in (["serve"], ["export", "parquet", str(tmp_path / "out")]):
        places = ("--data", tmp_path / "data", "--controls", tmp_path / "own")
        said = administer(*command, *places, status=2).stderr
        assert said.count("\n") == 1
        assert place in said
    assert not (tmp_path / "data").exists()
