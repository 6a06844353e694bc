"""Controls by the client: tables for people, answers and samples that are made again offline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from pipeledger.answers import read_answer
from pipeledger.views.compliance import COLOURS, compliance_page
from tests.client.test_end_to_end import Shell
from tests.serving import event, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.serving import Running

MARCH = ("--from", "2026-03-01", "--to", "2026-04-01")
CONTROL = ("SOC2-TSC-2017r2022", "CC8.1")
ASKED: dict[str, tuple[str, ...]] = {
    "all": (), "framework": CONTROL[:1], "control": (*CONTROL, "--service", "s1"),
    "sample": (*CONTROL, "--sample", "3", "--seed", "seven"),
    "narrowed": (*CONTROL, "--sample", "3", "--seed", "7", "--outcome", "insufficient-evidence",
                 "--strata", "outcome"),
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that was told of eight deployments of two services, and judges more strictly."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "tests.toml").write_text("[CHG-02.parameters]\napproval_max_age_days = 3\n")
    data = tmp_path_factory.mktemp("compliance") / "data"
    with serving(data, PIPELEDGER_CONTROLS=str(folder)) as running:
        with running.http() as client:
            for number in range(8):
                told = event(number, artifact={"digest": f"sha256:{number:064x}"})
                told["time"] = f"2026-03-{number + 2:02d}T10:00:00Z"
                told["data"]["service"] = f"s{number % 2}"
                assert client.post("/events", json=told).status_code == 201
        yield running


@pytest.fixture(scope="module")
def kept(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of answers, and of the export `out`, made with the organisation's catalogue."""
    folder = tmp_path_factory.mktemp("kept")
    shell = Shell(server, folder)
    shell.trust()
    for name, words in ASKED.items():
        shell("query", "compliance", *words, *MARCH, "--output", folder / f"{name}.json")
    own = next(server.data.parent.parent.glob("own*"))
    server.administer("export", "parquet", "--controls", own, folder / "out")
    return folder


@pytest.fixture
def shell(server: Running, kept: Path) -> Shell:
    """A client that pinned the server's keys."""
    return Shell(server, kept)


@pytest.mark.parametrize("name", ASKED)
def test_an_answer_about_controls_is_made_again(kept: Path, shell: Shell, name: str) -> None:
    """From the export: catalogue and tests are named, and those that nobody evaluates."""
    shown = shell("verify", kept / f"{name}.json", "--recompute", "--from", kept / "out").stdout
    answer = json.loads((kept / f"{name}.json").read_bytes())
    assert f"by the catalogue {answer['catalogue']['digest']}" in shown
    assert '"parameters"' not in shown
    for test, words in answer["catalogue"]["tests"].items():
        line = "tests evaluated: " if words["built"] else "tests not evaluated, since not built: "
        (said,) = [one for one in shown.splitlines() if line in one]
        assert test in said
    assert "its digest is that of the policy.published at position" in shown
    assert ("drawn again with the seed" in shown) == ("sample" in answer)


def test_an_export_holds_what_every_control_came_to(kept: Path, shell: Shell) -> None:
    """By the catalogue in effect, which its manifest speaks of."""
    told = json.loads((kept / "out" / "manifest.json").read_bytes())
    answer = json.loads((kept / "all.json").read_bytes())
    asked = json.loads(told["parameters"]["controls"])
    assert asked["catalogue"] == answer["catalogue"]["digest"]
    assert told["tables"]["control_outcomes"]["rows"] == 284
    items = pq.read_table(kept / "out" / told["tables"]["control_items"]["file"]).to_pylist()
    judged = [row for row in items if row["test"] == "CHG-02" and row["variant"] == "default"]
    assert len(judged) == 8
    shown = shell("verify", kept / "out", "--recompute").stdout
    assert "table control_outcomes: 284 rows, made again and equal" in shown


def _first(told: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = told["sample"]["populations"][0]
    return found


def _other_item(told: dict[str, Any]) -> None:
    one = _first(told)["items"][0]
    one["item_key"] += "9"


def _other_outcome(told: dict[str, Any]) -> None:
    _first(told)["items"][1]["outcome"] = "satisfied"


def _fewer(told: dict[str, Any]) -> None:
    del _first(told)["items"][0]


def _population(told: dict[str, Any]) -> None:
    _first(told)["population"] -= 1


def _seed(told: dict[str, Any]) -> None:
    told["sample"]["seed"] = "another"


def _time(told: dict[str, Any]) -> None:
    _first(told)["items"][0]["sheet"]["entries"][0]["time"] = "2026-03-01T00:00:00Z"


def _address(told: dict[str, Any]) -> None:
    _first(told)["items"][0]["sheet"]["entries"][0]["url"] = "https://elsewhere.example"


def _none(told: dict[str, Any]) -> None:
    told["sample"]["populations"] = []


def _strata(told: dict[str, Any]) -> None:
    told["sample"]["strata"] = "team"


def _parameter(told: dict[str, Any]) -> None:
    asked = told["proof"]["parameters"]
    asked["controls"] = asked["controls"].replace('_age_days":3', '_age_days":9')


def _built(told: dict[str, Any]) -> None:
    asked = told["proof"]["parameters"]
    asked["controls"] = asked["controls"].replace('"built":true', '"built":false')


def _outcome(told: dict[str, Any]) -> None:
    told["tables"]["control_outcomes"][0]["outcome"] = "satisfied"


def _no_text(told: dict[str, Any]) -> None:
    told["proof"]["parameters"]["controls"] = "[]"


@pytest.mark.parametrize(
    ("alter", "cause"),
    [
        (_other_item, "sample of CHG-02, row 1, column item_key"),
        (_other_outcome, "sample of CHG-02, row 2, column outcome"),
        (_fewer, "sample of CHG-02"),
        (_population, "its population is not 8"),
        (_seed, "sample of CHG-02, row"),
        (_time, "is not what its entries say"),
        (_address, "is not what its entries say"),
        (_none, "other tests than were judged"),
        (_strata, "sample: of no known form"),
        (_parameter, "table control_results, row 2, column parameters"),
        (_built, "is not built"),
        (_outcome, "table control_outcomes, row 1, column outcome"),
        (_no_text, "its controls"),
    ],
)
def test_an_altered_sample_or_outcome_is_unsound(
    kept: Path,
    shell: Shell,
    tmp_path: Path,
    alter: Callable[[dict[str, Any]], None],
    cause: str,
) -> None:
    """And the place is named."""
    told = json.loads((kept / "sample.json").read_bytes())
    alter(told)
    (tmp_path / "answer.json").write_text(json.dumps(told))
    words = ("verify", tmp_path / "answer.json", "--recompute", "--from", kept / "out")
    assert cause in shell(*words, status=1).stderr


def test_a_sample_of_an_unknown_kind_is_no_verdict(
    kept: Path, shell: Shell, tmp_path: Path
) -> None:
    """A newer program may know it."""
    told = json.loads((kept / "sample.json").read_bytes())
    told["sample"]["method"] = "by eye"
    (tmp_path / "answer.json").write_text(json.dumps(told))
    words = ("verify", tmp_path / "answer.json", "--recompute", "--from", kept / "out")
    assert "update pipeledger" in shell(*words, status=2).stderr


def test_people_see_frameworks_controls_and_items(kept: Path, shell: Shell) -> None:
    """Each with its counts, and what to ask next; a pipe gets no colours."""
    shown = shell("query", "compliance", *MARCH).stdout
    (line,) = [one for one in shown.splitlines() if one.startswith(CONTROL[0])]
    assert line.split()[1] == "17"
    assert sum(map(int, line.split()[2:])) == 17
    shown = shell("query", "compliance", CONTROL[0], *MARCH).stdout
    assert "query compliance SOC2-TSC-2017r2022 CONTROL" in shown
    (line,) = [one for one in shown.splitlines() if one.startswith("CC8.1")]
    assert line.split()[1] in COLOURS
    assert int(line.split()[2]) >= 8
    shown = shell("query", "compliance", *CONTROL, *MARCH).stdout
    assert '"approval_max_age_days":3' in shown
    assert "this ledger knows of no approval at all" in shown
    assert "\x1b" not in shown
    shown = shell("query", "compliance", *CONTROL, *MARCH, "--outcome", "excepted").stdout
    assert "items: none" in shown
    answer = read_answer((kept / "control.json").read_bytes())
    page = compliance_page(answer, *CONTROL)
    coloured = page.text(200, coloured=True)
    assert f"\x1b[{COLOURS['insufficient-evidence']}minsufficient-evidence" in coloured
    sample = shell("query", "compliance", *CONTROL, "--sample", "3", "--seed", "s", *MARCH).stdout
    assert "Sample of CHG-02 by the seed s: " in sample


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("deployments", "SLSA"), "nothing stands behind it"),
        (("compliance", "SLSA", "--sample", "3"), "of the items of one control"),
        (("compliance", "--outcome", "violated"), "of the items of one control"),
    ],
)
def test_half_a_question_is_refused(shell: Shell, words: tuple[str, ...], said: str) -> None:
    """Before the ledger is asked."""
    assert said in shell("query", *words, status=2).stderr


def test_an_unknown_framework_is_answered_by_those_there_are(shell: Shell) -> None:
    """By the ledger."""
    assert "SOC2-TSC-2017r2022" in shell("query", "compliance", "SOC3", status=1).stderr
