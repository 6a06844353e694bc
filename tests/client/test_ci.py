"""The job's own variables fill in what it is about, and no secret of the job is ever taken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from intake.registry import read_report
from pipeledger.ci import SYSTEMS, clean_repository, job_of
from tests.client.ci_jobs import CANARY, JOBS, SHOP, CiJob

if TYPE_CHECKING:
    from tests.client.conftest import Command
    from tests.client.listening import Listening

NAMED = pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
FINISHED = ("emit", "pipeline.finished", "outcome=success")


def expected(job: CiJob) -> dict[str, Any]:
    """What is to be known of a job."""
    return job.facts | ({"commit": job.commit} if job.commit else {})


def everything(ledger: Listening) -> str:
    """All bytes that reached the ledger, but for the header with its own token."""
    return " ".join(
        f"{one.path} {one.query} {sorted(one.headers.items())} {one.body!r}"
        for one in ledger.requests
    )


@NAMED
def test_the_facts_of_a_job_are_read_from_its_variables(job: CiJob) -> None:
    """Commit, repository, run, ref, actor and address, and nothing beside."""
    assert job_of(job.variables).facts == expected(job)


def test_every_known_system_is_among_the_jobs() -> None:
    """A system that is added comes with its job here."""
    assert {job.name.split()[0] for job in JOBS} == {system.name for system in SYSTEMS}


TOLD_BY_THE_SYSTEM: dict[str, dict[str, Any]] = {
    "github": {
        "repository": {"name": "shop", "full_name": "acme/shop", "html_url": SHOP},
        "sender": {"login": "mia", "id": 7, "node_id": "U_7", "type": "User"},
        "action": "requested",
        "workflow_run": {"id": 8841, "run_attempt": 2, "name": "CI", "head_sha": "1" * 40,
                         "event": "push", "run_started_at": "2026-01-05T10:00:00Z"},
    },
    "tekton": {
        "apiVersion": "tekton.dev/v1", "kind": "PipelineRun",
        "metadata": {"name": "shop-run-x7", "namespace": "ci", "uid": "u-1"},
        "spec": {"pipelineRef": {"name": "shop"}},
        "status": {"startTime": "2026-01-05T10:00:00Z",
                   "conditions": [{"type": "Succeeded", "status": "Unknown", "reason": "Running"}]},
    },
}  # fmt: skip


@pytest.mark.parametrize("system", TOLD_BY_THE_SYSTEM)
def test_a_run_bears_the_name_that_the_system_itself_tells(system: str) -> None:
    """Runs, reviews and deployments of both are found by it; the attempt stands beside."""
    job = next(job for job in JOBS if job.name.split()[0] == system)
    facts = job_of(job.variables | {"TEKTON_PIPELINE_RUN_UID": "u-1"}).facts
    (told,) = read_report(json.dumps(TOLD_BY_THE_SYSTEM[system]).encode()).readings
    assert (facts["run"], facts.get("attempt")) == (told.data["run"], told.data.get("attempt"))


def test_the_attempt_of_a_run_is_told_of_what_a_run_does_again(
    command: Command, ledger: Listening
) -> None:
    """Not of a deployment, which counts its own."""
    command(*FINISHED, changes=JOBS[0].variables)
    command("emit", "task.finished", "task=t", "outcome=success", changes=JOBS[0].variables)
    command("emit", "build", changes=JOBS[0].variables)
    command("emit", "deployment", "service=s", "environment=e", changes=JOBS[0].variables)
    assert [json.loads(one)["data"].get("attempt") for one in ledger.kept] == [2, 2, 2, None]


@NAMED
def test_an_event_of_a_job_holds_its_facts_and_none_of_its_secrets(
    command: Command, ledger: Listening, job: CiJob
) -> None:
    """The whole way: environment, event, spool, wire."""
    changes = job.variables | {"PIPELEDGER_SOURCE": ""}
    done = command(*FINISHED, "service=shop", changes=changes)
    event = json.loads(ledger.kept[0])
    facts = {"outcome": "success", "service": "shop", "time_basis": "caller"} | expected(job)
    assert event["data"] == facts
    repository = job.facts.get("repository")
    assert event["source"] == (repository or event["source"])
    assert CANARY not in everything(ledger) + done.stdout + done.stderr


@NAMED
def test_what_waits_of_a_job_holds_none_of_its_secrets(command: Command, job: CiJob) -> None:
    """A spool is carried around as a build artifact."""
    changes = job.variables | {"PIPELEDGER_URL": "http://127.0.0.1:9"}
    command(*FINISHED, changes=changes)
    command("run", "build", "service=shop", "--", "true", changes=changes)
    files = [one for one in command.spool.rglob("*") if one.is_file()]
    assert len(command.waiting()) == 2
    assert all(CANARY.encode() not in one.read_bytes() for one in files)


def test_a_report_is_sent_with_the_facts_of_its_job(command: Command, ledger: Listening) -> None:
    """They go into the query, where the ledger expects the context."""
    (command.home / "junit.xml").write_text("<testsuites/>")
    job = JOBS[0]
    command("record", "junit.xml", changes=job.variables | {"PIPELEDGER_SOURCE": ""})
    query = ledger.requests[-1].query
    assert (query["commit"], query["run"]) == ([job.commit], [job.facts["run"]])
    assert query["repository"] == query["source"] == [SHOP]
    assert CANARY not in everything(ledger)


def test_what_is_given_wins_over_the_job(command: Command, ledger: Listening) -> None:
    """Each fact by itself."""
    given = {"commit": "0" * 40, "repository": "https://other.example/x", "run": "r", "url": "u"}
    words = [f"{name}={value}" for name, value in given.items()]
    command(*FINISHED, *words, "actor=zoe", "ref=refs/heads/x", changes=JOBS[0].variables)
    data = json.loads(ledger.kept[0])["data"]
    assert given.items() <= data.items()
    assert (data["actor"], data["ref"]) == ("zoe", "refs/heads/x")


def test_an_incident_is_not_about_the_commit_of_the_job_that_reports_it(
    command: Command, ledger: Listening
) -> None:
    """Who reported it in which run is known; the commit would be a false cause."""
    command("emit", "incident", "service=shop", changes=JOBS[0].variables)
    data = json.loads(ledger.kept[0])["data"]
    assert {"run", "actor"} <= set(data)
    assert not {"commit", "repository", "ref"} & set(data)


@pytest.mark.parametrize("variables", [{}, {"CI": "true"}, {"GITHUB_ACTIONS": ""}])
def test_outside_of_a_known_system_nothing_is_assumed(variables: dict[str, str]) -> None:
    """`CI` alone names no system, and an empty mark is no mark."""
    assert job_of(variables | {"GIT_COMMIT": "1" * 40, "GITHUB_SHA": "2" * 40}).facts == {}


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"CI": "true", "DRONE": "true"}, 1),
        ({"TEKTON_PIPELINE_RUN": "shop-run-x7"}, 1),
        ({"CI": "true", "PIPELEDGER_SOURCE": "https://code.example/acme/shop"}, 0),
        (JOBS[0].variables, 0),
        ({}, 0),
    ],
)
def test_a_job_without_a_repository_is_told_that_its_machine_names_the_source(
    command: Command, variables: dict[str, str], told: int
) -> None:
    """Each machine would be a source of its own, and deployments count from one source a line."""
    changes = {"PIPELEDGER_SOURCE": ""} | variables
    words = ("deployment", "service=s", "environment=e")
    for done in (
        command("emit", *words, changes=changes),
        command("run", *words, "--", "true", changes=changes),
    ):
        assert done.stderr.count("PIPELEDGER_SOURCE is not set") == told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_SHA", "main"),
        ("GITHUB_SHA", "g" * 40),
        ("GITHUB_SHA", "1" * 39),
        ("GITHUB_REF", "refs/heads/a\nb"),
        ("GITHUB_REF", "refs/heads/a\x00b"),
        ("GITHUB_REF", "x" * 501),
        ("GITHUB_RUN_ID", "\x1b[31m1"),
        ("GITHUB_RUN_ATTEMPT", "0"),
        ("GITHUB_RUN_ATTEMPT", "second"),
    ],
)
def test_a_variable_that_holds_something_else_is_left_out(name: str, value: str) -> None:
    """The event goes without it; a job is never failed for its variables."""
    fact = {"GITHUB_SHA": "commit", "GITHUB_REF": "ref", "GITHUB_RUN_ID": "run",
            "GITHUB_RUN_ATTEMPT": "attempt"}[name]  # fmt: skip
    facts = job_of(JOBS[0].variables | {name: value}).facts
    assert facts.get(fact) is None
    assert facts["repository"] == SHOP


@pytest.mark.parametrize(
    "address",
    [
        f"https://robot:{CANARY}@code.example/acme/shop.git",
        f"https://{CANARY}@code.example/acme/shop/",
        f"https://robot:p@{CANARY}@code.example/acme/shop",
        f"HTTPS://robot:{CANARY}@code.example/acme/shop",
        f"https://code.example/acme/shop.git?private_token={CANARY}",
        f"https://code.example/acme/shop.git#{CANARY}",
        f"ssh://git:{CANARY}@code.example/acme/shop.git",
        "git@code.example:acme/shop.git",
        " https://code.example/acme/shop\n",
    ],
)
def test_a_repository_has_one_address_without_credentials(address: str) -> None:
    """However the system was told to fetch it."""
    assert clean_repository(address).replace("HTTPS", "https") == SHOP


def test_a_job_address_is_stripped_of_credentials() -> None:
    """Jenkins behind a proxy may be set up with a name and password in its address."""
    job = next(job for job in JOBS if job.name == "jenkins branch")
    address = f"https://robot:p@{CANARY}@ci.example/job/1/"
    assert (
        job_of(job.variables | {"BUILD_URL": address}).facts["url"] == "https://ci.example/job/1/"
    )
