"""A press of a button is an approval only where its words say so."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from intake.deliveries import Delivery, read_delivery
from intake.registry import read_report
from intake.slack import SENDER
from tests.fixtures import FOLDER, needs_fixtures
from tests.intake.damage import check_damaged
from tests.intake.passing import through_door
from tests.intake.scans import everything, readings_of

PLANTED = "planted-5ecret"
FORM = "application/x-www-form-urlencoded"


def _blocks(**action: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "type": "block_actions", "token": PLANTED, "response_url": f"https://x.example/{PLANTED}",
        "user": {"id": "U1", "username": "mia"}, "team": {"id": "T1", "domain": "acme"},
        "channel": {"id": "C1", "name": "releases"}, "trigger_id": PLANTED,
        "container": {"message_ts": "1767607200.000100"}, "message": {"text": "Release 9?"},
        "actions": [{"type": "button", "block_id": "b1", "action_ts": "1767607290.5"} | action],
    }  # fmt: skip


def _text(words: str) -> dict[str, str]:
    return {"type": "plain_text", "text": words}


@pytest.mark.parametrize(
    ("action", "verdict"),
    [
        ({"action_id": "a", "value": "1", "text": _text("Approve")}, "approved"),
        ({"action_id": "a", "value": "1", "text": _text("Reject deployment")}, "rejected"),
        ({"action_id": "approveDeployment", "value": "9", "text": _text("Go")}, "approved"),
        ({"action_id": "approve_or_reject", "value": "deny", "text": _text("X")}, "rejected"),
        ({"action_id": "approval", "value": "no", "text": _text("X")}, "rejected"),
        ({"action_id": "approve", "value": "x", "text": _text("Do not approve")}, None),
        ({"action_id": "approve_or_reject", "value": "9", "text": _text("Send")}, None),
        ({"action_id": "next", "value": "1", "text": _text("Continue")}, None),
        ({"action_id": "manual_judgment", "value": "1", "text": _text("Continue")}, "approved"),
        ({"action_id": "manualJudgment", "value": "stop", "text": _text("Halt")}, "rejected"),
        ({"action_id": "other", "value": "yes", "text": _text("Yes")}, None),
        ({"action_id": "WaXA", "value": "click_me", "text": _text("View")}, None),
        ({"action_id": "undo_approve", "value": "9", "text": _text("Undo")}, None),
        ({"action_id": "approve", "value": "9", "text": _text("Remind me later")}, None),
        ({"action_id": "a", "value": "9", "text": _text("View approved requests")}, None),
        ({"action_id": "approve_revoke", "value": "9", "text": _text("Take back")}, None),
        ({"action_id": "approval", "selected_option": {"value": "no", "text": _text("No")}},
         "rejected"),
    ],
)  # fmt: skip
def test_words_decide(action: dict[str, Any], verdict: str | None) -> None:
    """What people see comes first, then the value, then the id; both or neither is nothing."""
    found = readings_of(_blocks(**action), "slack")
    assert [one.data["verdict"] for one in found] == ([verdict] if verdict else [])
    for one in found:
        data = one.data
        assert one.type == "pipeledger.approval.reported.v1"
        assert data["approver"] == {"system": "slack", "login": "mia", "id": "U1"}
        assert data["approval"] == "C1/1767607200.000100/b1"
        assert (data["target"], data["workspace"]) == ("releases", "acme")
        assert (data["reason"], one.time) == ("Release 9?", "2026-01-05T10:01:30.500000Z")
    assert PLANTED not in everything(found)


def test_a_delivery_is_a_form_with_the_payload() -> None:
    """What is no approval is kept as it came."""
    for action, kind in (
        ({"action_id": "a", "text": _text("Approve")}, "approval.reported"),
        ({"action_id": "a", "text": _text("View")}, "source.unmapped"),
    ):
        body = urlencode({"payload": json.dumps(_blocks(**action))}).encode()
        (found,) = read_delivery(SENDER, Delivery("slack", None, FORM, body))
        assert found.type == f"pipeledger.{kind}.v1"


def test_the_signature_is_slacks_own_example() -> None:
    """Secret, time, body and signature as Slack documents them; later it may be a replay."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
        b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
        b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2F"
        b"commands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    secret, stamp = "8f742231b10e8888abcd99yyyzzz85a5", 1_531_420_618
    headers = {
        "x-slack-request-timestamp": str(stamp),
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    at = datetime.fromtimestamp(stamp, UTC)
    assert SENDER.scheme.holds(headers, body, secret, at + timedelta(minutes=4))
    assert not SENDER.scheme.holds(headers, body, secret, at + timedelta(minutes=6))
    assert not SENDER.scheme.holds(headers, body + b"x", secret, at)
    assert not SENDER.scheme.holds(headers, body, "other", at)
    moved = headers | {"x-slack-request-timestamp": str(stamp + 1)}
    assert not SENDER.scheme.holds(moved, body, secret, at)


def test_what_an_app_always_calls_the_same_is_asked_by_each_message() -> None:
    """Its name for it comes first; where nothing tells the message it is all there is."""
    press = {"type": "interactive_message", "callback_id": "deploy", "user": {"name": "mia"},
             "actions": [{"name": "approval", "value": "yes"}]}  # fmt: skip
    told = [{"channel": {"id": "C1"}, "message_ts": stamp} for stamp in ("1.1", "2.2")]
    found = [read_report(json.dumps(press | more).encode()).readings[0] for more in (*told, {})]
    assert [one.data["approval"] for one in found] == ["deploy/C1/1.1", "deploy/C1/2.2", "deploy"]


@needs_fixtures
def test_the_real_press_says_what_its_row_says() -> None:
    """Somebody let a version into an environment, as Spinnaker asked."""
    name = "interactive_message.spinnaker-approve.json"
    (found,) = read_report((FOLDER / "slack" / name).read_bytes()).readings
    through_door(found)
    data = found.data
    assert (data["verdict"], data["reported_outcome"]) == ("approved", "yes")
    assert data["approval"] == "keel:01DYNYK94DE4901K9P802DB4ZT/CS9MCUDS7/1579137217.000100"
    assert data["approver"] == {"system": "slack", "login": "john.doe", "id": "USJ9YG2DT"}
    assert (data["workspace"], data["target"]) == ("john-test-workspace", "john-test")
    assert found.time == "2020-01-16T04:02:12.099365Z"


@needs_fixtures
def test_the_real_view_button_approves_nothing() -> None:
    """It is recognised, and tells of nothing that there is a fact for."""
    report = read_report((FOLDER / "slack" / "block_actions.button.json").read_bytes())
    assert (report.format.name, report.readings) == ("slack", [])


def test_damage_is_refused_and_nothing_else_happens() -> None:
    """Cut, flipped, other types, huge numbers: a clear refusal, or readings the door takes."""
    legacy = {"type": "interactive_message", "callback_id": "c", "user": {"name": "mia"},
              "action_ts": "1767607290.5", "actions": [{"name": "approval", "value": "yes"}],
              "original_message": {"attachments": [{"fallback": "?"}]}}  # fmt: skip
    for value in (legacy, _blocks(action_id="a", text=_text("Approve"))):
        check_damaged(json.dumps(value).encode(), 120)
