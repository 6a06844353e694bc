"""Senders prove themselves by their own schemes, and nobody else can."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from intake.schemes import AnyOf, Basic, Scheme, Shared, Signed, Standard

AT = datetime(2021, 2, 25, 15, 15, 30, tzinfo=UTC)
STAMP = "1614266130"
SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
# The example of the code host's documentation on validating deliveries.
DIGITS = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
KEY = base64.b64encode(bytes(range(24))).decode()

HUB = Signed("x-hub-signature-256", "", prefix="sha256=")
PAGER = Signed("x-pagerduty-signature", "", prefix="v1=", several=True)
TOKEN = Shared("x-gitlab-token", "")
BEARER = Shared("authorization", "", prefix="Bearer ")


def _basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def _standard(stamp: str = STAMP, key: bytes = bytes(range(24)), body: bytes = BODY) -> str:
    signed = hmac.new(key, f"msg_1.{stamp}.".encode() + body, "sha256").digest()
    return "v1," + base64.b64encode(signed).decode()


def _headers(signature: str, stamp: str = STAMP) -> dict[str, str]:
    return {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signature}


@pytest.mark.parametrize(
    ("scheme", "headers", "secret"),
    [
        (HUB, {"x-hub-signature-256": f"sha256={DIGITS}"}, SECRET),
        (PAGER, {"x-pagerduty-signature": f"v1={'0' * 64}, v1={DIGITS}"}, SECRET),
        (TOKEN, {"x-gitlab-token": "s3"}, "s3"),
        (BEARER, {"authorization": "bearer s3"}, "s3"),
        (Basic(""), {"authorization": _basic("anybody:s:3")}, "s:3"),
        (Standard(""), _headers(_standard()), f"whsec_{KEY}"),
        (Standard(""), _headers(f"v1,AAAA {_standard()}"), KEY),
        (AnyOf((HUB, TOKEN)), {"x-gitlab-token": "s3"}, "s3"),
        (AnyOf((HUB, TOKEN)), {"x-hub-signature-256": f"sha256={DIGITS}"}, SECRET),
    ],
)
def test_the_sender_is_known(scheme: Scheme, headers: dict[str, str], secret: str) -> None:
    """By what only it can make of the secret."""
    assert scheme.holds(headers, BODY, secret, AT)


@pytest.mark.parametrize(
    ("scheme", "headers", "secret"),
    [
        (HUB, {}, SECRET),
        (HUB, {"x-hub-signature-256": DIGITS}, SECRET),
        (HUB, {"x-hub-signature-256": f"sha256={DIGITS}"}, SECRET + "x"),
        (HUB, {"x-hub-signature-256": f"sha256={DIGITS}, sha256={DIGITS}"}, SECRET),
        (HUB, {"x-hub-signature-256": "sha256=\u00e9\ud800"}, SECRET),
        (HUB, {"x-hub-signature": f"sha256={DIGITS}"}, SECRET),
        (PAGER, {"x-pagerduty-signature": f"v2={DIGITS}"}, SECRET),
        (TOKEN, {"x-gitlab-token": ""}, "s3"),
        (TOKEN, {"x-gitlab-token": "s"}, "s3"),
        (BEARER, {"authorization": "s3"}, "s3"),
        (BEARER, {"authorization": "Basic s3"}, "s3"),
        (Basic(""), {"authorization": "Basic s3"}, "s3"),
        (Basic(""), {"authorization": _basic("s3:")}, "s3"),
        (Basic(""), {"authorization": _basic("a:s3").replace("Basic", "Bearer")}, "s3"),
        (Standard(""), _headers(_standard(body=b"other")), KEY),
        (Standard(""), _headers(_standard(), "1614266131"), KEY),
        (Standard(""), _headers(_standard(), "9" * 30), KEY),
        (Standard(""), _headers(_standard(), "now"), KEY),
        (Standard(""), {}, KEY),
        (Standard(""), _headers(_standard(key=b"")), "whsec_~"),
    ],
)
def test_nobody_else_is(scheme: Scheme, headers: dict[str, str], secret: str) -> None:
    """Whatever is sent, the answer is no and not a fault."""
    assert not scheme.holds(headers, BODY, secret, AT)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_delivery_is_a_replay(minutes: int) -> None:
    """Where the sender signs its clock, five minutes either way."""
    later = AT + timedelta(minutes=minutes)
    assert not Standard("").holds(_headers(_standard()), BODY, KEY, later)
    nearly = AT + timedelta(minutes=minutes * 4 / 6)
    assert Standard("").holds(_headers(_standard()), BODY, KEY, nearly)


def test_an_empty_secret_opens_nothing() -> None:
    """A setting that is missing on one side is no proof."""
    assert not TOKEN.holds({}, BODY, "", AT)
    assert not BEARER.holds({"authorization": "Bearer "}, BODY, "", AT)
