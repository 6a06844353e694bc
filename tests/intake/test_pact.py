"""A contract is no test result, and a verification is what its verifier says."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import RefusedError
from intake.deliveries import Delivery, read_delivery
from intake.pact import SENDER
from intake.registry import read_report
from tests.fixtures import FOLDER, facts, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door

if TYPE_CHECKING:
    from intake.report import Reading

SHA = "c" * 40
PARTIES: dict[str, Any] = {"consumer": {"name": "Web"}, "provider": {"name": "Orders"}}
HTTP: dict[str, Any] = {
    "description": "a request", "request": {"headers": {"Authorization": "planted-secret"}},
    "response": {"body": "planted-secret"},
}  # fmt: skip
EXAMPLES: dict[str, Any] = {
    "version": "3.12.0",
    "examples": [
        {"status": status, "full_description": f"Verifying a pact between Web and Orders {number}",
         "file_path": "/home/planted-secret/rspec.rb", "run_time": 0.5,
         "exception": {"message": "planted-secret"}}
        for number, status in enumerate(["passed", "failed", "pending"])
    ],
    "summary": {"duration": 1.5, "example_count": 3, "failure_count": 1, "pending_count": 1,
                "errors_outside_of_examples_count": 0},
    "summary_line": "3 examples",
}  # fmt: skip
CORE: dict[str, Any] = {
    "result": False, "notices": [], "output": ["planted-secret"], "pendingErrors": [], "errors": [],
    "interactionResults": [
        {"consumer": "Web", "provider": "Orders", "description": "one", "result": "OK",
         "pending": False, "duration": "1.5ms", "interactionId": "i1"},
        {"consumer": "Web", "provider": "Orders", "description": "two", "result": "Error",
         "pending": False, "mismatch": {"type": "error", "message": "planted-secret"}},
        {"consumer": "Web", "provider": "Orders", "description": "three", "result": "Error",
         "pending": False, "mismatch": {"type": "mismatches", "mismatches":
         [{"actual": "planted-secret"}]}},
        {"consumer": "Web", "provider": "Orders", "description": "four", "result": "Error",
         "pending": True, "mismatch": {"type": "mismatches"}},
    ],
}  # fmt: skip
PUBLISHED: dict[str, Any] = {
    "success": False, "providerApplicationVersion": SHA, "buildUrl": "https://ci.example/7",
    "verifiedBy": {"implementation": "Pact-Rust", "version": "1.2.0"},
    "testResults": [
        {"interactionId": "i1", "success": True},
        {"interactionId": "i2", "success": False,
         "mismatches": [{"description": "planted-secret"}]},
        {"interactionId": "i3", "success": False, "exceptions": [{"message": "planted-secret"}]},
    ],
}  # fmt: skip
WEBHOOK: dict[str, Any] = {
    "eventName": "provider_verification_published", "consumerName": "Web",
    "providerName": "Orders", "consumerVersionNumber": "1.0", "providerVersionNumber": SHA,
    "githubVerificationStatus": "failure", "pactUrl": "https://broker.example/pacts/1",
    "verificationResultUrl": "https://broker.example/results/1",
}  # fmt: skip


def one(value: object, form: str) -> Reading:
    """The only reading of a file of this format, as the door takes it."""
    report = read_report(json.dumps(value).encode())
    assert report.format.name == form
    (reading,) = report.readings
    through_door(reading)
    assert "planted-secret" not in json.dumps(reading.data)
    assert all(b"planted-secret" not in document.body for document in reading.documents)
    return reading


@pytest.mark.parametrize(
    ("more", "counts", "version"),
    [
        ({"interactions": [HTTP, HTTP], "metadata": {"pactSpecification": {"version": "2.0.0"}}},
         {"Synchronous/HTTP": 2}, "2.0.0"),
        ({"interactions": [HTTP], "metadata": {"pactSpecificationVersion": "1.0.0"}},
         {"Synchronous/HTTP": 1}, "1.0.0"),
        ({"messages": [{"contents": "planted-secret"}],
          "metadata": {"pact-specification": {"version": "3.0.0"}}},
         {"Asynchronous/Messages": 1}, "3.0.0"),
        ({"interactions": [HTTP | {"type": "Synchronous/Messages"},
                           HTTP | {"type": "Asynchronous/Messages"}, HTTP | {"type": "New/Kind"}]},
         {"Asynchronous/Messages": 1, "Synchronous/Messages": 1, "other": 1}, None),
    ],
)  # fmt: skip
def test_a_contract_is_described_and_is_no_test_result(
    more: dict[str, Any], counts: dict[str, int], version: str | None
) -> None:
    """Interactions by kind, whatever version the file is of."""
    reading = one(PARTIES | more, "pact")
    data = reading.data
    assert reading.type == "pipeledger.artifact.described.v1"
    assert (data["kind"], data["consumer"], data["provider"]) == ("contract", "Web", "Orders")
    assert (data["counts"], data.get("format_version")) == (counts, version)
    assert (data["service"], data["service_basis"]) == ("Web", "pacticipant")
    assert "outcome" not in data


@pytest.mark.parametrize(
    ("metadata", "tool", "version"),
    [
        ({"pactRust": {"ffi": "0.4", "models": "1.2"}}, "pact-rust", "0.4"),
        ({"pactRust": {"models": "1.2"}}, "pact-rust", "1.2"),
        ({"pact-jvm": {"version": "4.6"}}, "pact-jvm", "4.6"),
        ({"pact-jvm": None}, "pact-jvm", None),
        ({}, None, None),
    ],
)
def test_a_contract_names_its_writer_where_it_does(
    metadata: dict[str, Any], tool: str | None, version: str | None
) -> None:
    """And the instant that a broker adds."""
    told = PARTIES | {"interactions": [], "metadata": metadata,
                      "createdAt": "2026-01-01T10:00:00+00:00"}  # fmt: skip
    reading = one(told, "pact")
    assert (reading.data.get("tool"), reading.data.get("tool_version")) == (tool, version)
    assert reading.time == "2026-01-01T10:00:00+00:00"


def test_a_published_result_says_which_commit_was_verified() -> None:
    """Errors and mismatches are told apart; the values that differed are not copied."""
    data = one(PUBLISHED, "pact-result").data
    assert (data["kind"], data["outcome"], data["reported_outcome"]) == (
        "contract", "failure", "failure",
    )  # fmt: skip
    assert data["counts"] == {"passed": 1, "failure": 1, "error": 1, "pending": 0}
    assert (data["commit"], data["url"]) == (SHA, "https://ci.example/7")
    assert (data["tool"], data["tool_version"]) == ("Pact-Rust", "1.2.0")
    assert "release" not in data


@pytest.mark.parametrize(
    ("success", "outcome"), [(True, "success"), ("true", "success"), ("false", "failure")]
)
def test_a_result_may_have_its_verdict_alone(success: object, outcome: str) -> None:
    """Then nothing is counted, and the verdict stands."""
    reading = one({
        "success": success, "providerApplicationVersion": "1.2.3", "providerName": "Orders",
        "verificationDate": "2026-01-01T10:00:00+00:00",
    }, "pact-result")  # fmt: skip
    assert reading.data["outcome"] == outcome
    assert (reading.data["release"], reading.data["provider"]) == ("1.2.3", "Orders")
    assert reading.time == "2026-01-01T10:00:00+00:00"
    assert reading.documents == ()


def test_a_failed_interaction_is_a_failure_whatever_the_verdict() -> None:
    """Both are kept."""
    data = one(PUBLISHED | {"success": True}, "pact-result").data
    assert (data["outcome"], data["reported_outcome"]) == ("failure", "success")


@pytest.mark.parametrize("form", ["pact-verifier", "pact-result"])
def test_examples_are_counted_one_by_one(form: str) -> None:
    """As Ruby's verifier writes them, and as it publishes them."""
    told = EXAMPLES
    if form == "pact-result":
        tests = {"tests": EXAMPLES["examples"], "summary": EXAMPLES["summary"]}
        told = {"success": False, "providerApplicationVersion": "1", "testResults": tests}
    data = one(told, form).data
    assert data["counts"] == {"passed": 1, "failure": 1, "error": 0, "pending": 1}
    assert (data["outcome"], data["duration_s"], data["counted"]) == ("failure", 1.5, "examples")
    assert "claimed" not in data


def test_totals_and_errors_outside_of_examples_are_not_lost() -> None:
    """Examples that were never begun because of an error pass for nothing."""
    passed = EXAMPLES | {"examples": EXAMPLES["examples"][:1]}
    assert one(passed, "pact-verifier").data["claimed"]["example_count"] == 3
    summary = {"example_count": 1, "failure_count": 0, "pending_count": 0,
               "errors_outside_of_examples_count": 2}  # fmt: skip
    data = one(passed | {"summary": summary}, "pact-verifier").data
    assert (data["outcome"], data["counts"]["error"]) == ("failure", 2)


def test_other_examples_of_rspec_are_no_pacts() -> None:
    """The same JSON is written for any tests of Ruby."""
    other = json.dumps(EXAMPLES).replace("Verifying a pact between", "Order")
    with pytest.raises(RefusedError, match="no format"):
        read_report(other.encode())


def test_the_core_lists_its_interactions() -> None:
    """A pending one may fail."""
    data = one(CORE, "pact-verifier").data
    assert data["counts"] == {"passed": 1, "failure": 1, "error": 1, "pending": 1}
    assert (data["consumer"], data["provider"]) == ("Web", "Orders")
    assert (data["service"], data["service_basis"]) == ("Orders", "pacticipant")
    pending = CORE | {"result": True, "interactionResults": CORE["interactionResults"][::3]}
    assert one(pending, "pact-verifier").data["outcome"] == "success"


def test_results_keep_names_statuses_and_durations() -> None:
    """One row an interaction."""
    (document,) = one(CORE, "pact-verifier").documents
    found = [json.loads(line) for line in document.body.splitlines()]
    assert [(row["name"], row["status"]) for row in found] == [
        ("one", "passed"), ("two", "error"), ("three", "failure"), ("four", "pending"),
    ]  # fmt: skip
    assert found[0]["duration_s"] == pytest.approx(0.0015)
    assert found[0]["id"] == "i1"


def test_an_older_core_tells_its_errors_alone() -> None:
    """What passed is not listed, so it is not counted."""
    old = {"result": False, "notices": [], "output": [],
           "errors": [{"interaction": "two", "mismatch": {"type": "error"}}],
           "pendingErrors": [{"interaction": "four", "mismatch": {"type": "mismatches"}}],
           }  # fmt: skip
    data = one(old, "pact-verifier").data
    assert data["counts"] == {"passed": 0, "failure": 0, "error": 1, "pending": 1}
    assert (data["counted"], data["outcome"]) == ("errors", "failure")


@pytest.mark.parametrize(
    ("deployable", "decision"), [(True, "allow"), (False, "deny"), (None, "undecided")]
)
def test_can_i_deploy_is_a_decision_of_a_policy(*, deployable: bool | None, decision: str) -> None:
    """Null is neither."""
    summary = {"deployable": deployable, "reason": "R", "success": 1, "failed": 0, "unknown": 2}
    reading = one({"summary": summary, "notices": [], "matrix": []}, "pact-can-i-deploy")
    assert reading.type == "pipeledger.policy.evaluated.v1"
    assert (reading.data["decision"], reading.data["reasons"]) == (decision, ["R"])
    assert reading.data["counts"] == {"success": 1, "failed": 0, "unknown": 2}


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "failure"), ({"githubVerificationStatus": "success"}, "success"),
        ({"eventName": "provider_verification_failed", "githubVerificationStatus": ""}, "failure"),
        ({"eventName": "provider_verification_succeeded"}, "success"),
        ({"eventName": None, "githubVerificationStatus": "success"}, "success"),
    ],
)  # fmt: skip
def test_a_broker_tells_of_a_verification(changes: dict[str, Any], outcome: str) -> None:
    """Of which version of which provider."""
    reading = one(WEBHOOK | changes, "pact-webhook")
    data = reading.data
    assert reading.type == "pipeledger.tests.finished.v1"
    assert (data["outcome"], data["commit"], data["consumer_version"]) == (outcome, SHA, "1.0")
    assert (data["service"], data["service_basis"]) == ("Orders", "pacticipant")
    assert data["url"] == "https://broker.example/results/1"


def test_a_broker_tells_of_a_contract() -> None:
    """The verification status beside it is an earlier one."""
    for event in ("contract_published", "contract_content_changed"):
        told = WEBHOOK | {"eventName": event, "githubVerificationStatus": "success"}
        reading = one(told, "pact-webhook")
        assert reading.type == "pipeledger.artifact.described.v1"
        assert (reading.data["release"], reading.data["service"]) == ("1.0", "Web")


@pytest.mark.parametrize(
    "changes",
    [{"githubVerificationStatus": "pending"},
     {"eventName": "test", "githubVerificationStatus": "success"}],
)  # fmt: skip
def test_what_is_no_result_yet_is_kept_unmapped(changes: dict[str, Any]) -> None:
    """A delivery is never lost."""
    body = json.dumps(WEBHOOK | changes).encode()
    (reading,) = read_delivery(SENDER, Delivery("broker", None, "application/json", body))
    assert reading.type == "pipeledger.source.unmapped.v1"


def test_a_broker_proves_itself_by_header_or_password() -> None:
    """The two that its webhooks can be given."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    basic = base64.b64encode(b"pact:s3cret").decode()
    for told in ("Bearer s3cret", f"Basic {basic}"):
        assert SENDER.scheme.holds({"authorization": told}, b"", "s3cret", at)
    for told in ("Bearer other", "Basic czNjcmV0", "s3cret", ""):
        assert not SENDER.scheme.holds({"authorization": told}, b"", "s3cret", at)


ROWS = {n: row for n, row in facts("SOURCES-scanners.tsv").items() if n.startswith("pact/")}


@needs_fixtures
@pytest.mark.parametrize("name", sorted(name for name in ROWS if name.startswith("pact/pact-")))
def test_real_contracts_say_what_their_row_says(name: str) -> None:
    """Parties, specification, number of interactions."""
    told = re.match(
        r"consumer=(\w+) provider=(\w+); pactSpecification=(.*); interactions=(\d+) \((.*)\)",
        ROWS[name],
    )
    assert told is not None
    (reading,) = read_report((FOLDER / name).read_bytes()).readings
    through_door(reading)
    data = reading.data
    assert (data["consumer"], data["provider"]) == (told[1], told[2])
    assert sum(data["counts"].values()) == int(told[4])
    assert (data.get("format_version") or "None") in told[3]
    kinds = dict(re.findall(r"([A-Z]\w+/\w+)=(\d+)", told[5]))
    assert not kinds or data["counts"] == {kind: int(number) for kind, number in kinds.items()}


@needs_fixtures
def test_a_real_result_says_what_its_row_says() -> None:
    """Success, version, examples and their totals."""
    row = ROWS["pact/verification-foo-bar.json"]
    report = read_report((FOLDER / "pact/verification-foo-bar.json").read_bytes())
    (reading,) = report.readings
    through_door(reading)
    data = reading.data
    assert (
        f"success={data['outcome'] == 'success'}; providerApplicationVersion={data['release']}"
        in row
    )
    assert f"'example_count': {sum(data['counts'].values())}" in row
    assert f"'failure_count': {data['counts']['failure']}" in row
    assert f"'duration': {data['duration_s']}" in row
    assert "claimed" not in data
    assert b"redacted" not in reading.documents[0].body


@needs_fixtures
def test_real_answers_of_a_broker_say_what_their_row_says() -> None:
    """The file holds five answers of a test; each is what `can-i-deploy` prints."""
    row = ROWS["pact/broker-can-i-deploy.json"]
    answers = json.loads((FOLDER / "pact/broker-can-i-deploy.json").read_bytes())
    decisions = {"allow": "True", "deny": "False", "undecided": "None"}
    told = [one for one in answers.values() if one["summary"]]
    assert len(told) == 4
    for answer in told:
        (reading,) = read_report(json.dumps(answer).encode()).readings
        through_door(reading)
        counts = reading.data["counts"]
        assert (
            f"http {answer['status']} deployable={decisions[reading.data['decision']]} "
            f"success={counts['success']} failed={counts['failed']} unknown={counts['unknown']}"
        ) in row
    with pytest.raises(RefusedError):
        read_report((FOLDER / "pact/broker-triggered-webhooks.json").read_bytes())


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers."""
    for sample in (PUBLISHED, EXAMPLES, CORE, WEBHOOK, PARTIES | {"interactions": [HTTP]},
                   {"summary": {"deployable": True, "reason": "R", "success": 1}}):  # fmt: skip
        check_damaged(json.dumps(sample).encode(), 200)
