"""Asking an application that runs in the test, without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI


async def ask(
    app: FastAPI, address: str, token: str, paths: Sequence[str]
) -> dict[str, httpx.Response]:
    """What a token is answered under `log/`, by path.

    Args:
        app: the application.
        address: of a ledger in it.
        token: of whoever asks.
        paths: below `log/`.
    """
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, headers=headers) as client:
        return {path: await client.get(f"{address}/log/{path}") for path in paths}
