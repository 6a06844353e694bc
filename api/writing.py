"""What comes in: `POST events`."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import msgspec
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from api import conflicts, envelopes, ingest, problems, receipts, sightings
from api.bodies import read_body
from api.described import RECEIPTS
from api.doors import READERS
from api.entrance import SIGNATURE, Told, enter, look_up, peer_of
from api.headers import header
from api.ingest import MAX_BATCH, MAX_EVENT, Original
from api.telemetry.journey import journey_of, passed, travel
from domain.errors import PipeledgerError, ReusedIdError
from domain.event import unread_of
from domain.log.dsse import ENVELOPE_MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.served import Served
    from api.telemetry.journey import Journey
    from domain.draft import Draft
    from domain.people import Account, People
    from store.credentials import Credential
    from store.people.register import Register

router = APIRouter()
# What a header can carry.
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_MOST_NAMES: Final = 20


class _UnmetError(Exception):
    """Somebody is not in memory: the database must be asked, off the event loop."""


class _Remembered:
    """The register as far as it is in memory (`domain.people.People`)."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def resolve(self, accounts: Sequence[Account]) -> list[str]:
        found = self._register.remembered(accounts)
        if found is None:
            raise _UnmetError
        return found

    def known(self, _: Sequence[Account]) -> list[str | None]:
        # Who is not in memory may stand in the database.
        raise _UnmetError

    def absent(self, persons: Sequence[str]) -> list[str]:
        if not self._register.remembers(persons):
            raise _UnmetError
        return []


@router.post("/v1/{ledger}/events", status_code=201, tags=["write"], responses=RECEIPTS)
async def post_events(
    request: Request,
    ledger: str,
    atomic: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter
) -> Response:
    """CloudEvents: structured, binary, batch, NDJSON or signed; answered with receipts."""
    return await travel(request, ledger, lambda: _post(request, ledger, atomic=atomic))


async def _post(request: Request, ledger: str, *, atomic: bool) -> Response:
    kind = (header(request, b"content-type") or "").partition(";")[0].strip().lower()
    if kind in envelopes.MEDIA_TYPES:
        return await _signed(request, ledger)
    here, credential = await enter(request, ledger, READERS)
    many = kind in (ingest.BATCH, ingest.NDJSON)
    entropy = request.app.state.entropy
    body = await read_body(request, MAX_BATCH if many else MAX_EVENT)
    if not many:
        if header(request, b"ce-specversion") is not None:
            value, received = ingest.read_binary(request.headers, body)
        elif kind in ingest.STRUCTURED:
            value, received = ingest.read_single(body), body
        else:
            raise HTTPException(415, "no content type of CloudEvents in JSON")
        journey = journey_of(request)
        draft = await _draft(here, value, received, credential, entropy, journey)
        told = await _single(request, here, credential, draft)
        if names := [
            one for one in unread_of(cast("Mapping[str, Any]", value)) if _NAME.fullmatch(one)
        ]:
            told.headers["Pipeledger-Unread"] = ",".join(names[:_MOST_NAMES])
        return told

    def prepare() -> list[Draft | PipeledgerError]:
        started = time.time_ns()
        read = ingest.split_lines if kind == ingest.NDJSON else ingest.split_batch
        found = read(body)
        drafts = [_one(here, one, credential, entropy) for one in found]
        if (journey := journey_of(request)) is not None:
            for one in found:
                journey.read(None if isinstance(one, PipeledgerError) else one[0])
            journey.stage("door", started)
        return drafts

    drafts = await run_in_threadpool(prepare)
    return await answer_all(request, here, credential, drafts, atomic=atomic)


async def _signed(request: Request, ledger: str) -> Response:
    """An event in an envelope: its signature says who sends it, so it needs no token."""
    state = request.app.state
    if header(request, b"authorization") is not None:
        await enter(request, ledger, READERS)
    else:
        # By where they come from: whoever proves nothing must not spend what a signer may send.
        state.strangers.take(peer_of(request))

    with state.unproven.holding() as take:
        raw = await read_body(request, envelopes.MAX_SIGNED, take)
        opened = await run_in_threadpool(envelopes.open_envelope, raw, state.served.get(ledger))
        here, payload = opened.here, opened.envelope.payload
        credential = opened.signer
        if credential is None:
            credential = await look_up(
                request, SIGNATURE, here.emitters.signer, opened.envelope, opened.tried
            )
        state.rates.take(credential.id)

        def prepare() -> Draft:
            value = ingest.read_single(payload)
            envelopes.check_origin(value, here.ledger.origin)
            # A repeat is recognised by what was signed: some schemes sign the same twice
            # differently.
            return ingest.draft_of(
                value, payload, credential, here.register, state.entropy,
                original=Original("original", ENVELOPE_MEDIA_TYPE, raw),
                journey=journey_of(request),
            )  # fmt: skip

        draft = await run_in_threadpool(prepare)
    return await _single(request, here, credential, draft)


async def _draft(
    here: Served,
    value: object,
    received: bytes,
    credential: Credential,
    entropy: Any,  # noqa: ANN401 - a callable
    journey: Journey | None,
) -> Draft:
    """The draft of one event; the event loop is left only when somebody new is in it."""

    def make(people: People) -> Draft:
        return ingest.draft_of(value, received, credential, people, entropy, journey=journey)

    try:
        return make(_Remembered(here.register))
    except _UnmetError:
        return await run_in_threadpool(make, here.register)


def _one(
    here: Served,
    found: tuple[object, bytes] | PipeledgerError,
    credential: Credential,
    entropy: Any,  # noqa: ANN401 - a callable
) -> Draft | PipeledgerError:
    if isinstance(found, PipeledgerError):
        return found
    try:
        return ingest.draft_of(*found, credential, here.register, entropy)
    except PipeledgerError as error:
        return error


async def _single(request: Request, here: Served, credential: Credential, draft: Draft) -> Response:
    try:
        batch = await here.ledger.submit_here([draft])
    except ReusedIdError as error:
        await conflicts.record(request, here, credential, draft, error)
        raise
    passed(request, batch.stages)
    (outcome,) = batch.outcomes
    if isinstance(outcome, PipeledgerError):
        raise outcome
    await sightings.look(request, here, credential, [draft])
    checkpoint = batch.checkpoint
    if outcome.repeated:
        checkpoint = await run_in_threadpool(here.ledger.reader.checkpoint, outcome.position)
    body = receipts.receipt(outcome.raw, outcome.leaf, outcome.position, checkpoint)
    status = 200 if outcome.repeated else 201
    return Told(here, msgspec.json.encode(body), status)


async def answer_all(
    request: Request,
    here: Served,
    credential: Credential,
    prepared: list[Draft | PipeledgerError],
    *,
    atomic: bool,
    more: dict[str, Any] | None = None,
) -> Response:
    """Append what can be appended, and answer for each of them in its place.

    Args:
        request: what is answered.
        here: the ledger.
        credential: who sends.
        prepared: drafts, and why others are none.
        atomic: all or none.
        more: further members of the answer.

    Raises:
        PipeledgerError: the first of them, where it is to be all or none.
    """
    drafts = [draft for draft in prepared if not isinstance(draft, PipeledgerError)]
    if atomic:
        for found in prepared:
            if isinstance(found, PipeledgerError):
                raise found
    outcomes = []
    checkpoint = here.ledger.published.checkpoint
    if drafts:
        future = await run_in_threadpool(here.ledger.submit, drafts, atomic=atomic)
        try:
            batch = await asyncio.wrap_future(future)
        except ReusedIdError as error:
            await conflicts.record(request, here, credential, drafts[error.nth], error)
            raise
        outcomes, checkpoint = list(batch.outcomes), batch.checkpoint
        passed(request, batch.stages)
        for outcome in outcomes:
            if isinstance(outcome, ReusedIdError):
                await conflicts.record(request, here, credential, drafts[outcome.nth], outcome)
        kept = zip(drafts, outcomes, strict=True)
        await sightings.look(
            request, here, credential,
            [one for one, how in kept if not isinstance(how, PipeledgerError)],
        )  # fmt: skip
    done = iter(outcomes)
    lines: list[dict[str, Any]] = []
    for found in prepared:
        outcome = found if isinstance(found, PipeledgerError) else next(done)
        if isinstance(outcome, PipeledgerError):
            said = problems.problem(outcome)
            lines.append({"status": said["status"], "problem": said})
        else:
            body = receipts.receipt(outcome.raw, outcome.leaf, outcome.position, b"")
            del body["checkpoint"]
            lines.append({"status": 200 if outcome.repeated else 201, "receipt": body})
    statuses = {line["status"] for line in lines}
    status = statuses.pop() if len(statuses) == 1 else 207
    answer = (more or {}) | {"receipts": lines, "checkpoint": checkpoint.decode()}
    return Told(here, msgspec.json.encode(answer), status)
