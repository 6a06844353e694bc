"""What a delivery may take of the server before and after it proves who sent it."""

from __future__ import annotations

import asyncio
import gzip
import hmac
import json
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api import bodies, budget
from api.rates import Rates
from domain.errors import RefusedError
from intake.schemes import Signed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager

    from tests.api.doors import Doors

ROW = "POST /v1/{ledger}/intake/{source}"
BODY = {
    "zen": "Keep it simple.",
    "hook_id": 1,
    "repository": {"html_url": "https://code.example/a"},
}


@pytest.fixture(scope="module")
def secret(doors: Doors) -> str:
    """Of the source that the route's name leads to."""
    answer = doors.knock("POST /v1/{ledger}/sources", "operator")["operator"]
    return str(answer.json()["secret"])


@pytest.fixture
def state(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What the application holds; what a test puts there is gone afterwards."""
    with monkeypatch.context() as changed:
        for name in ("rates", "strangers", "unproven"):
            changed.setitem(doors.app.state._state, name, getattr(doors.app.state, name))
        for name in ("deliveries", "reports"):
            changed.setitem(doors.app.state._state, name, asyncio.Semaphore(2))
        yield doors.app.state


def signed(secret: str, number: int, *, packed: bool = False) -> dict[str, Any]:
    """A delivery of 100 KB that is different for each number."""
    raw = json.dumps(BODY | {"number": number, "more": " " * 100_000}).encode()
    digest = hmac.new(secret.encode(), raw, "sha256").hexdigest()
    headers = {"X-GitHub-Event": "ping", "X-Hub-Signature-256": f"sha256={digest}"}
    if packed:
        return {"content": gzip.compress(raw), "headers": headers | {"Content-Encoding": "gzip"}}
    return {"content": raw, "headers": headers}


def deliver(doors: Doors, **more: Any) -> int:  # noqa: ANN401 - httpx
    """The status of the answer to a delivery."""
    return doors.knock(ROW, "nobody", **more)["nobody"].status_code


def test_who_proves_nothing_spends_nothing_of_the_source(
    doors: Doors, state: Any, secret: str  # noqa: ANN401 - what Starlette has
) -> None:  # fmt: skip
    """They have a bucket by where they come from; beyond it is 429."""
    state.rates = Rates(0, 1, lambda: 0.0)
    state.strangers = Rates(0, 4, lambda: 0.0)
    assert [deliver(doors, content=b"{}") for _ in range(3)] == [401] * 3
    assert deliver(doors, **signed(secret, 1)) == 201
    assert deliver(doors, content=b"{}") == 429


def test_long_bodies_are_unpacked_and_judged_where_nobody_waits(
    doors: Doors, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Off the event loop, before anybody knows who sent them."""
    seen: set[tuple[str, int]] = set()
    counted, holds = bodies._Unpacking._counted, Signed.holds

    def unpacked(*given: Any) -> bytes:  # noqa: ANN401 - as the original
        seen.add(("unpacked", threading.get_ident()))
        return counted(*given)

    def judged(*given: Any) -> bool:  # noqa: ANN401 - as the original
        seen.add(("judged", threading.get_ident()))
        return holds(*given)

    monkeypatch.setattr(bodies._Unpacking, "_counted", unpacked)
    monkeypatch.setattr(Signed, "holds", judged)
    assert deliver(doors, **signed(secret, 2, packed=True)) == 201
    assert {what for what, _ in seen} == {"unpacked", "judged"}
    assert threading.get_ident() not in {where for _, where in seen}


def test_nothing_may_follow_what_is_packed() -> None:
    """It would be kept until the end, which may never come."""
    unpack = bodies._Unpacking(10_000, packed=True)
    with pytest.raises(RefusedError):
        list(unpack.pieces(gzip.compress(b"{}") + b" "))


def test_slow_reports_hold_up_no_delivery(
    doors: Doors, state: Any, secret: str  # noqa: ANN401 - what Starlette has
) -> None:  # fmt: skip
    """Each has turns of its own."""
    assert _while_held(doors, state.reports, signed(secret, 3)) == (201, budget.MOST)


def test_a_body_counts_until_it_is_appended(
    doors: Doors, state: Any, secret: str  # noqa: ANN401 - what Starlette has
) -> None:  # fmt: skip
    """Those that wait for their turn have an end, too; what they held is free when they are in."""
    delivery = signed(secret, 4)
    held = len(delivery["content"])
    assert _while_held(doors, state.deliveries, delivery) == (None, budget.MOST - held)
    assert state.unproven.left == budget.MOST


def _while_held(
    doors: Doors, turns: AbstractAsyncContextManager[None], delivery: dict[str, Any]
) -> tuple[int | None, int]:
    """The status of a delivery, if it is answered while others have all turns, and the budget."""

    async def ask() -> tuple[int | None, int]:
        transport = httpx.ASGITransport(doors.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            async with turns, turns:
                answer = asyncio.create_task(client.post(doors.path_of(ROW), **delivery))
                done, _ = await asyncio.wait({answer}, timeout=0.5)
                left = doors.app.state.unproven.left
            final = (await answer).status_code
            assert final == 201
            return final if done else None, left

    return asyncio.run(ask())
