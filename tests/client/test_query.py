"""Questions about the past against a real server: tables for people, answers that verify."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from api import listings
from pipeledger.answers import Answer
from pipeledger.views.coverage import coverage_page
from pipeledger.views.listing import LISTINGS
from projections import contract
from tests.client.test_end_to_end import Shell
from tests.serving import event, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.serving import Running

MARCH = ("--from", "2026-03-01", "--to", "2026-04-01")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that was told of five deployments, the third of them a rollback, and an incident."""
    with serving(tmp_path_factory.mktemp("query") / "data") as running:
        with running.http() as client:
            told = [event(n, artifact={"digest": f"sha256:{one * 64}"})
                    for n, one in enumerate("abacd")]  # fmt: skip
            for day, one in enumerate(told, 2):
                one["time"] = f"2026-03-{day:02d}T10:00:00Z"
            for name, time in (
                ("opened", "2026-03-10T11:00:00Z"),
                ("restored", "2026-03-10T12:30:00Z"),
            ):
                one = event(len(told))
                one |= {"type": f"pipeledger.incident.{name}.v1", "time": time}
                one["data"] = {"incident": "i-7", "service": "checkout",
                               "environment": "production"}  # fmt: skip
                told.append(one)
            for one in told:
                assert client.post("/events", json=one).status_code == 201
        yield running


@pytest.fixture
def shell(server: Running, tmp_path: Path) -> Shell:
    """A client that trusts nothing yet."""
    return Shell(server, tmp_path)


def test_deployments_are_a_table_with_its_proof(shell: Shell) -> None:
    """The newest first."""
    lines = shell("query", "deployments", *MARCH).stdout.splitlines()
    assert lines[0] == "Deployments: 5"
    assert lines[2].split()[:3] == ["finished", "(UTC)", "service"]
    assert lines[3].startswith("2026-03-06 10:00:00  checkout  production   planned   success")
    assert "rollback" in lines[5]
    assert any(line.startswith("as of position 11 of pipeledger.invalid/") for line in lines)
    assert "not checked: no key is trusted" in lines[-1]


def test_every_table_of_the_ledger_can_be_shown() -> None:
    """Each under its own name, with columns that it has."""
    assert set(LISTINGS) == set(listings.LISTINGS)
    for word, one in LISTINGS.items():
        assert one.table == listings.LISTINGS[word].origin.rows.table
        columns = {column.name for column in contract.table(one.table).columns}
        assert {column for _, column, _ in one.cells} <= columns


def test_more_rows_than_are_wanted_are_told_of(shell: Shell) -> None:
    """And how to get them."""
    shown = shell("query", "deployments", "--limit", "2").stdout
    assert "Deployments: 2 and more" in shown
    assert "more by --limit" in shown


def test_dora_says_what_each_number_was_counted_of(shell: Shell) -> None:
    """Five metrics, each with its flag where few were counted."""
    shown = shell("query", "dora", *MARCH).stdout
    lines = {line[:26].strip(): line for line in shown.splitlines()}
    assert "5 deployments: 4 planned, 0 hotfix, 1 rollback" in lines["deployment frequency"]
    assert "20.0 %  1 of 5 deployments" in lines["change fail rate"]
    assert lines["failed deployment recovery"].split()[3:5] == ["1", "d"]
    assert lines["failed deployment recovery"].endswith("n<5")
    assert "n<5" not in lines["change fail rate"]


def test_numbers_of_groups_steps_and_another_window_are_tables(shell: Shell) -> None:
    """Group by group, week by week, one window beside another."""
    shown = shell(
        "query", "dora", *MARCH, "--group-by", "service", "--bucket", "week",
        "--baseline-from", "2026-02-01", "--baseline-to", "2026-03-01",
    ).stdout  # fmt: skip
    assert "service   deployments" in shown
    assert "2026-03-02 checkout" in shown
    assert "Beside 2026-02-01" in shown


def test_mttr_and_incidents_tell_durations(shell: Shell) -> None:
    """An hour and a half."""
    assert shell("query", "mttr", *MARCH).stdout.count("1 h 30 min") == 3
    assert "1 h 30 min" in shell("query", "incidents").stdout


def test_coverage_says_what_is_stale_and_what_was_never_seen(shell: Shell) -> None:
    """Of one service capability by capability."""
    shown = shell("query", "coverage", "--service", "checkout", "--at", "2026-03-20").stdout
    lines = {line[:60].split()[2]: line for line in shown.splitlines() if "checkout  " in line}
    assert shown.startswith("Coverage of checkout\n")
    assert " seen " in lines["deployment"]
    assert " never " in lines["sast"]
    assert "as at 2026-03-20 00:00:00 UTC" in shown


def test_coverage_of_several_services_is_a_row_each() -> None:
    """What is seen, stale, failed and never seen of it."""
    rows = [
        {"service": service, "team": None, "capability": capability, "state": state}
        for service, capability, state in (
            ("shop", "sast", "seen"), ("shop", "sca", "seen"), ("till", "sast", "never"),
        )
    ]  # fmt: skip
    page = coverage_page(Answer(b"", {}, {"coverage": rows}))
    (table,) = page.tables
    assert table.rows == [
        ("shop", "-", "sast, sca", "-", "-", "-"), ("till", "-", "-", "-", "-", "sast"),
    ]  # fmt: skip


def test_an_empty_answer_says_what_to_run(shell: Shell) -> None:
    """Instead of a table of dashes."""
    shown = shell("query", "dora", "--service", "nobody").stdout
    assert "no deployment was reported that matches" in shown
    assert "pipeledger emit deployment.finished" in shown
    assert "change fail rate" not in shown


def test_a_trace_is_a_tree_whose_gaps_come_with_the_line_to_paste(shell: Shell) -> None:
    """From source to recovery, each hop ok, said or missing."""
    lines = shell("trace", "d-2").stdout.splitlines()
    assert lines[0] == "Deployment d-2"
    tree = [line for line in lines if line.startswith(("|- ", "`- "))]
    assert [line.split()[2] for line in tree] == [
        "ticket", "commit", "change", "review", "build", "tests", "scans", "artifact", "approval",
        "deployment", "incident", "recovery",
    ]  # fmt: skip
    at = lines.index("|- [gap] build")
    assert lines[at + 1] == "|  `- no build is known that made it"
    assert lines[at + 2].strip().startswith("pipeledger emit build service=checkout")
    assert "[said] deployment to production" in tree[9]
    assert "7 gaps" in " ".join(lines) or "8 gaps" in " ".join(lines)


def test_in_a_ci_job_the_trace_is_of_its_own_commit(shell: Shell, tmp_path: Path) -> None:
    """And stands on the job's page."""
    page = tmp_path / "page.md"
    job = {"GITHUB_ACTIONS": "true", "GITHUB_SHA": "c" * 40, "GITHUB_STEP_SUMMARY": str(page)}
    assert shell("trace", changes=job).stdout.startswith("Commit cccccccccccc\n")
    assert "- `pipeledger emit build" in page.read_text()
    assert "expected a commit" in shell("trace", status=2).stderr
    assert "nothing is known by this name" in shell("trace", "no/where#7", status=1).stderr


def test_rows_come_as_csv_and_times_may_be_told_from_now(shell: Shell, tmp_path: Path) -> None:
    """To standard output or a file."""
    rows = shell("query", "deployments", "--csv", "--from", "9000d").stdout.splitlines()
    assert rows[0].startswith('"deployment_key","line"')
    assert len(rows) == 6
    shell("query", "environments", "--csv", "--output", tmp_path / "environments.csv")
    assert (tmp_path / "environments.csv").read_text().count("\n") == 2
    shell("query", "environments", "--output", tmp_path / "named.csv")
    assert (tmp_path / "named.csv").read_text() == (tmp_path / "environments.csv").read_text()


def test_kept_numbers_come_with_what_they_were_made_of(shell: Shell) -> None:
    """In JSON always; as rows where these are asked for."""
    told = json.loads(shell("query", "dora", *MARCH, "--json").stdout)["tables"]
    made = [row for row in told["dora_evidence"] if row["metric"] == "deployment_frequency"]
    assert len(made) == told["dora"][0]["deployments"] == 5
    assert all(row["positions"] for row in made)
    rows = shell("query", "dora", *MARCH, "--csv", "--evidence").stdout.splitlines()
    assert rows[0].startswith('"part","window_from"')
    assert len(rows) == 1 + len(told["dora_evidence"])
    assert len(shell("query", "dora", *MARCH, "--csv").stdout.splitlines()) == 2
    said = shell("query", "dora", *MARCH, "--json", "--limit", "3").stderr
    assert "there are more rows than these" in said
    assert "--evidence goes with" in shell("query", "deployments", "--evidence", status=2).stderr


def test_the_job_page_of_a_ci_system_gets_the_same(shell: Shell, tmp_path: Path) -> None:
    """As Markdown."""
    page = tmp_path / "page.md"
    shell("query", "dora", *MARCH, changes={"GITHUB_STEP_SUMMARY": str(page)})
    assert "| change fail rate | 20.0 % |" in page.read_text()


def test_a_wrong_question_is_refused_in_one_line(shell: Shell) -> None:
    """By the client or by the ledger."""
    assert "invalid choice" in shell("query", "people", status=2).stderr
    assert "query from" in shell("query", "dora", "--from", "soon", status=1).stderr
    assert "query service" in shell("query", "environments", "--service", "x", status=1).stderr


@pytest.mark.parametrize("words", [("query", "deployments"), ("trace", "d-1")])
def test_what_the_ledger_knew_may_be_told_from_now_as_well(
    shell: Shell, words: tuple[str, ...]
) -> None:
    """As any other time; a week ago there was no ledger."""
    assert "the ledger knew nothing yet" in shell(*words, "--known-at", "7d", status=1).stderr


def test_only_who_may_read_parts_may_ask(server: Running, shell: Shell) -> None:
    """No token: no answer."""
    changes = {"PIPELEDGER_TOKEN": "plt_" + "0" * 60}
    assert "token" in shell("query", "services", status=1, changes=changes).stderr
    assert "refuses" in shell("query", "services", status=1, changes=changes).stderr
    assert server.token not in shell("query", "services").stdout


def test_the_checkpoint_of_an_answer_is_held_against_the_pinned_key(shell: Shell) -> None:
    """Where there is one."""
    shell.trust()
    assert "signed by the key that is pinned" in shell("query", "mttr").stdout


def _root(told: dict[str, Any]) -> None:
    told["proof"]["root"] = "0" * 64


def _position(told: dict[str, Any]) -> None:
    told["proof"]["position"] += 1


def _checkpoint(told: dict[str, Any]) -> None:
    told["proof"]["checkpoint"] = told["proof"]["checkpoint"].replace("\n11\n", "\n99\n")


def _origin(told: dict[str, Any]) -> None:
    told["proof"]["origin"] = "ledger.example"


def _none(told: dict[str, Any]) -> None:
    del told["proof"]["checkpoint"]


@pytest.mark.parametrize("alter", [_root, _position, _checkpoint, _origin, _none])
def test_a_kept_answer_verifies_until_what_it_states_is_altered(
    shell: Shell, tmp_path: Path, alter: Callable[[dict[str, Any]], None]
) -> None:
    """Its state; that the rows were not made again is the last word, and a field of its own."""
    file = tmp_path / "answer.json"
    shell("query", "deployments", "--output", file)
    assert "no key is trusted" in shell("verify", file, status=2).stderr
    shell.trust()
    last = shell("verify", file).stdout.splitlines()[-1].strip()
    assert last.startswith("rows: not recomputed; they may be altered")
    (found,) = json.loads(shell("verify", file, "--json").stdout)["evidence"]
    assert (found["recomputed"], found["rows"]) == (False, "not recomputed")
    told = json.loads(file.read_bytes())
    alter(told)
    file.write_text(json.dumps(told))
    assert "answer" in shell("verify", file, status=1).stderr or alter is _checkpoint
