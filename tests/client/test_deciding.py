"""Decisions by the client: sent once, shown as they were asked, and never kept for later."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.client.hostile import answering, hostile, whole
from tests.client.listening import Listening, Reply, Request, receipt

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.client.conftest import Command

DIGEST = "sha256:" + "1" * 64
ASK = ("request-approval", "--artifact", DIGEST)
REQUESTED = receipt(3, "pipeledger.approval.requested.v1")
SUBJECT = {"kind": "artifact", "digest": DIGEST}


def answer(said: dict[str, Any], status: int = 201) -> Callable[[Request], Reply]:
    """A ledger that answers with this."""
    return lambda _: Reply(status, json.dumps(said).encode())


def test_a_request_says_what_was_given_and_nothing_else(
    command: Command, ledger: Listening
) -> None:
    """Outside of a CI job nothing is filled in; the next step is said."""
    ledger.behave = answer(REQUESTED | {"approval": "apr-7"})
    done = command(
        *ASK, "--commit", "c" * 40, "--environment", "eu", "--role", "security", "--required", "2",
        "--valid-until", "2026-06-01T00:00:00Z", "--author", "ann", "--reason", "Release",
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "  pipeledger approve apr-7"
    (request,) = ledger.requests
    assert (request.method, request.path) == ("POST", "/v1/default/approvals")
    assert json.loads(request.body) == {
        "subjects": [SUBJECT, {"kind": "commit", "commit": "c" * 40}], "environments": ["eu"],
        "roles": ["security"], "required": 2, "valid_until": "2026-06-01T00:00:00Z",
        "authors": ["ann"], "reason": "Release",
    }  # fmt: skip


def test_what_is_granted_is_what_was_shown(command: Command, ledger: Listening) -> None:
    """It is asked for first, shown without anything that steers a terminal, and named."""
    asked = {"subjects": [SUBJECT], "reason": "Tried\x1b[2J on staging", "requester": "per_1"}

    def behave(request: Request) -> Reply:
        if request.method == "GET":
            said = {"approval": "apr-7", "state": "requested", "asked": asked}
            return Reply(200, json.dumps(said).encode())
        granted = receipt(4, "pipeledger.approval.granted.v1")
        return Reply(201, json.dumps(granted | {"approval": "apr-7", "state": "granted"}).encode())

    ledger.behave = behave
    done = command("approve", "apr-7", "--reason", "Fine")
    assert f"artifact {DIGEST}" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stdout.endswith("granted apr-7 at position 4\n")
    assert json.loads(ledger.requests[-1].body) == {"subjects": [SUBJECT], "reason": "Fine"}


@pytest.mark.parametrize("verb", ["reject", "withdraw"])
def test_an_end_is_said(command: Command, ledger: Listening, verb: str) -> None:
    """With the reason, and the state that the ledger tells."""
    state = {"reject": "rejected", "withdraw": "withdrawn"}[verb]
    kind = f"pipeledger.approval.{state}.v1"
    ledger.behave = answer(receipt(5, kind) | {"approval": "apr-7", "state": state})
    done = command(verb, "apr-7", "--reason", "No")
    assert done.stdout == f"{state} apr-7 at position 5\n"
    (request,) = ledger.requests
    assert request.path == f"/v1/default/approvals/apr-7/{verb}"
    assert json.loads(request.body) == {"reason": "No"}


def test_a_refusal_is_one_line_that_says_why(command: Command, ledger: Listening) -> None:
    """As the ledger says it, and the exit status is 1."""
    said = {"status": 409, "detail": "who requested it cannot grant it: another person may"}
    ledger.behave = answer(said, 409)
    done = command("reject", "apr-7", "--reason", "No", status=1)
    assert done.stderr == f"pipeledger: the ledger refuses: {said['detail']}\n"


def test_a_decision_is_not_kept_for_later(command: Command) -> None:
    """Where the ledger is away it fails, also without strictness; nothing waits in the spool."""
    away = {"PIPELEDGER_URL": "http://127.0.0.1:9"}
    done = command(*ASK, status=1, changes=away)
    assert done.stderr.count("\n") == 1
    assert command.waiting() == []
    assert command(*ASK, status=2, changes={"PIPELEDGER_URL": ""}).stderr.endswith("not set\n")


HOSTILE = {
    "html": whole(b"<html>Log in</html>", "201 Created", "text/html"),
    "an empty object": whole(b"{}"),
    "the receipt of another event": whole(
        json.dumps(receipt(3, "pipeledger.commit.pushed.v1")).encode()
    ),
    "an id that a shell obeys": whole(
        json.dumps(REQUESTED | {"approval": "x; rm -rf ~"}).encode()
    ),
    "an id that a terminal obeys": whole(json.dumps(REQUESTED | {"approval": "\x1b[2J"}).encode()),
    "an id that is none": whole(json.dumps(REQUESTED | {"approval": {}}).encode()),
    "hanging up": b"",
}  # fmt: skip


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_what_answers_in_the_ledger_s_place_decides_nothing(command: Command, raw: bytes) -> None:
    """One line that says so, and exit status 1."""
    with hostile(answering(raw)) as server:
        done = command(*ASK, status=1, changes={"PIPELEDGER_URL": server.url})
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.rstrip("\n").isprintable()
    assert "unexpected" not in done.stderr


@pytest.mark.parametrize(
    "said",
    [[], {}, {"approval": "apr-8", "asked": {}}, {"approval": "apr-7", "asked": []},
     {"approval": "apr-7", "asked": {"subjects": 7}},
     {"approval": "apr-7", "asked": {"subjects": ["x"]}}],
)  # fmt: skip
def test_what_is_no_approval_is_not_granted(
    command: Command, ledger: Listening, said: object
) -> None:
    """It is looked at first, and then nothing is sent."""
    ledger.behave = lambda _: Reply(200, json.dumps(said).encode())
    done = command("approve", "apr-7", status=1)
    assert "no ledger" in done.stderr
    assert [one.method for one in ledger.requests] == ["GET"]


@pytest.mark.parametrize(
    "words",
    [
        ("request-approval", "--valid-until", "tomorrow"),
        ("request-approval", "--required", "two"),
        ("reject", "apr-7"),
        ("approve",),
        ("declare-emergency", "--service", "shop"),
    ],
)
def test_a_wrong_word_is_said_before_anything_is_sent(
    command: Command, ledger: Listening, words: tuple[str, ...]
) -> None:
    """Exit status 2."""
    assert command(*words, status=2).stderr.count("\n") == 1
    assert ledger.requests == []
