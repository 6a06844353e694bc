"""The HTTP server process."""

from __future__ import annotations

import contextlib
import gc
import os
from typing import TYPE_CHECKING, Final

import uvicorn

from api.app import make_app
from api.connections import Bounded, make_room
from api.direct import Direct
from api.host import now
from api.telemetry import logs

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from starlette.types import ASGIApp

    from api.served import Served
    from api.telemetry.journey import Telemetry
    from projections.catalogue import Catalogue

_GRACE_S: Final = 10
_YOUNG: Final = 20_000
"""Objects made and kept before the collector looks for cycles among them."""


def run(
    served: Mapping[str, Served],
    listening: socket.socket,
    telemetry: Telemetry | None = None,
    *,
    catalogue: Catalogue,
    metrics_on_loopback: bool = False,
    public_url: str | None = None,
) -> None:
    """Serve until an interrupt ends it; requests that were begun are answered first."""
    app: ASGIApp = Direct(
        make_app(
            served,
            os.urandom,
            now,
            telemetry,
            catalogue=catalogue,
            metrics_on_loopback=metrics_on_loopback,
            public_url=public_url,
        )
    )
    if logs.requests_wanted():
        app = logs.Requests(app)
    Bounded.most = make_room()
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=Bounded,
        access_log=False,
        proxy_headers=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    # What is there now stays. To look through all of it again and again, as the collector does
    # by itself, takes a tenth of the time of an append, and its place in the caches.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)
    # The server raises the signal that ended it once more when it is done.
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])
