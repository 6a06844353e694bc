"""A witness over HTTP (C2SP tlog-witness): two routes, and a page that says what it holds."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from domain.errors import (
    ForbiddenError,
    NotFoundError,
    PipeledgerError,
    RefusedError,
    TooLargeError,
)
from domain.log.checkpoint import Checkpoint
from domain.log.policy import MAX_POLICY, Policy
from domain.log.witness import (
    MAX_SUBMISSION,
    SIZE_MEDIA_TYPE,
    InconsistentError,
    StaleError,
    Submission,
    origin_digest,
)

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from domain.log.key import VerifierKey
    from store.witness import WitnessState

TEXT: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json"
_LOG: Final = logging.getLogger("pipeledger.witness")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_STATUS: Final = (
    (StaleError, 409),
    (InconsistentError, 422),
    (NotFoundError, 404),
    (TooLargeError, 413),
    (ForbiddenError, 403),
    (RefusedError, 400),
)


class Logs:
    """The logs that a witness knows: those of a policy file, read again when it changes."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            PipeledgerError: it is no policy.
            OSError: it cannot be read.
        """
        self._path = path
        self._read_at, self._policy = self._read()

    def keys_of(self, origin: str) -> list[VerifierKey]:
        """The keys of a log; none: it is not known."""
        return self.policy.keys_of(origin)

    @property
    def policy(self) -> Policy:
        """What the file says now; while it is wrong, what it said before."""
        try:
            if self._path.stat().st_mtime_ns != self._read_at:
                self._read_at, self._policy = self._read()
        except (OSError, PipeledgerError) as error:
            _LOG.warning("the file of logs is not read again: %s", error)
        return self._policy

    def _read(self) -> tuple[int, Policy]:
        at = self._path.stat().st_mtime_ns
        with self._path.open("rb") as file:
            return at, Policy.parse(file.read(MAX_POLICY + 1))


def make_witness(state: WitnessState, logs: Logs) -> Starlette:
    """The application of a witness.

    Args:
        state: its key and what it cosigned.
        logs: those that it knows.
    """

    async def add_checkpoint(request: Request) -> Response:
        """Cosign a checkpoint that grows on from the last one."""
        try:
            line = await run_in_threadpool(_add, state, logs, await _read(request))
        except ClientDisconnect:
            # Nobody hears it.
            return Response(status_code=400)
        except PipeledgerError as error:
            return _refusal(error)
        return Response(line, media_type=TEXT)

    async def get_checkpoint(request: Request) -> Response:
        """The latest checkpoint that was cosigned."""
        note = await run_in_threadpool(_latest, state, request.path_params["digest"])
        if note is None:
            return Response("no checkpoint of this log\n", 404, media_type=TEXT)
        return Response(note, media_type=TEXT, headers={"Cache-Control": "no-store"})

    async def get_evidence(request: Request) -> Response:
        """Checkpoints of one log that contradict each other."""
        return await run_in_threadpool(_evidence, state, logs, request.path_params["digest"])

    async def get_page(_: Request) -> Response:
        """The witness's key, and each log that it knows."""
        return Response(await run_in_threadpool(told, state, logs.policy), media_type=TEXT)

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/{digest:str}/checkpoint", get_checkpoint, methods=["GET"]),
            Route("/{digest:str}/evidence", get_evidence, methods=["GET"]),
            Route("/", get_page, methods=["GET"]),
        ]
    )


def told(state: WitnessState, policy: Policy) -> str:
    """The witness's key, each log that it knows, its last size, and how often it forked."""
    rows = [f"witness {state.signer.verifier.vkey()}"]
    for origin in dict.fromkeys(one.key.name for one in policy.logs):
        note = state.latest(origin)
        size = 0 if note is None else Checkpoint.of(note).size
        found = state.evidence.of(origin)
        row = f"log {origin} {origin_digest(origin)} size {size}"
        if found:
            forks = sum(one.fork for one in found)
            row += f" forks {forks} unproved {len(found) - forks}"
        rows.append(row)
    return "".join(f"{row}\n" for row in rows)


async def _read(request: Request) -> bytes:
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > MAX_SUBMISSION:
            raise TooLargeError("request", f"at most {MAX_SUBMISSION} bytes")
    return bytes(raw)


def _latest(state: WitnessState, digest: str) -> bytes | None:
    # What is no digest could be any file's name.
    return state.latest_by_digest(digest) if _DIGEST.fullmatch(digest) else None


def _add(state: WitnessState, logs: Logs, raw: bytes) -> str:
    submission = Submission.parse(raw)
    origin = submission.origin
    try:
        return state.add(submission, logs.keys_of(origin)).line()
    except InconsistentError as error:
        _LOG.warning("%s: %s", origin, error)
        raise


def _evidence(state: WitnessState, logs: Logs, digest: str) -> Response:
    for one in logs.policy.logs:
        if origin_digest(one.key.name) == digest:
            found = state.evidence.of(one.key.name)
            return Response(msgspec.json.encode(found), media_type=JSON)
    return Response("no log of this name is known\n", 404, media_type=TEXT)


def _refusal(error: PipeledgerError) -> Response:
    if isinstance(error, StaleError):
        return Response(f"{error.size}\n", 409, headers={"Content-Type": SIZE_MEDIA_TYPE})
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    return Response(f"{error}\n", status, media_type=TEXT)
