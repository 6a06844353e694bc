"""What goes out: entries, parts, streams, proofs, and the log's own files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from api import ingest, receipts, tables
from api.described import only
from api.doors import PART_READERS, READERS
from api.entrance import JSON, TEXT, Position, enter, facts
from api.negotiation import prefer
from api.paging import next_page
from api.reads import enter_reading, record_read
from domain.errors import NotFoundError, RefusedError
from domain.instant import read_time
from domain.log.names import check_stream, check_tag, check_type
from domain.log.part import EVENT_PART
from domain.log.wire import read_number, write_base64
from store.ledger.reader import Filter

if TYPE_CHECKING:
    from domain.log.part import Part
    from store.ledger.reader import Row

PROOF_JSON: Final = "application/vnd.pipeledger.proof+json"
BYTES: Final = "application/octet-stream"
MAX_PAGE: Final = 1000
MAX_BYTES: Final = 16 * 1_048_576
"""A page of entries ends after the one with which entries and parts have more bytes than this."""

_UNKEPT: Final = {"Cache-Control": "no-store"}
"""Of an answer that holds parts: an erasure reaches no cache."""

router = APIRouter()


@router.get(
    "/v1/{ledger}/entries", tags=["read"], responses=only(ingest.NDJSON, *tables.MEDIA_TYPES)
)
async def get_entries(
    request: Request,
    ledger: str,
    stream: Annotated[str | None, Query(max_length=232)] = None,
    tag: Annotated[list[str] | None, Query(max_length=8)] = None,
    type: Annotated[list[str] | None, Query(max_length=50)] = None,  # noqa: A002 - its name in the URL
    since: Annotated[str | None, Query(alias="from")] = None,
    to: str | None = None,
    known_at: str | None = None,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
) -> Response:
    """Entries that match every filter, in order of position.

    By `Accept` as JSON, NDJSON (exact bytes, for verifiers), an Arrow stream, Parquet or CSV. A
    page ends at `limit` entries, or before that once it holds more than 16 MiB of entries and
    parts; `Link`, and `next` in JSON, lead to the next one, and their absence is the end.
    """
    media = prefer(request.headers.get("accept", ""), (JSON, ingest.NDJSON, *tables.MEDIA_TYPES))
    here, credential = await enter_reading(request, ledger, READERS)
    published = here.ledger.published
    size, recorded = published.size, None
    if known_at is not None:
        if known_at.isascii() and known_at.isdigit():
            size = min(size, read_number(known_at, "query known_at"))
        else:
            recorded = read_time(known_at, "query known_at")
    wanted = Filter(
        stream=None if stream is None else check_stream(stream),
        tags=tuple(check_tag(name) for name in tag or ()),
        types=tuple(check_type(name) for name in type or ()),
        since=None if since is None else read_time(since, "query from"),
        before=None if to is None else read_time(to, "query to"),
        recorded_until=recorded,
    )

    def find() -> tuple[bytes, int]:
        found = here.ledger.reader.entries(size, wanted, after=after, limit=limit)
        with_parts = media != JSON and credential.role in PART_READERS
        names = None if media == ingest.NDJSON else (EVENT_PART,)
        rows: list[tuple[Row, list[Part] | None]] = []
        held = 0
        for row in found:
            parts = here.ledger.reader.parts(row, names) if with_parts else None
            rows.append((row, parts))
            held += len(row.raw) + sum(len(part.body) for part in parts or ())
            if held > MAX_BYTES:
                break
        last = rows[-1][0].position if len(rows) < len(found) or len(found) == limit else 0
        if media == JSON:
            page: dict[str, Any] = {"entries": [receipts.shown(row) for row, _ in rows]}
            page["next"] = last or None
            return msgspec.json.encode(page), last
        if media == ingest.NDJSON:
            lines = [receipts.exported(row, parts) for row, parts in rows]
            return b"".join(msgspec.json.encode(x) + b"\n" for x in lines), last
        return tables.encode([(row, parts or []) for row, parts in rows], media), last

    content, last = await run_in_threadpool(find)
    headers = facts(here, published) | {"Vary": "Accept"} | _UNKEPT
    if last:
        headers["Link"] = next_page(request, after=last)
    return Response(content, headers=headers, media_type=media)


@router.get("/v1/{ledger}/entries/{position}", tags=["read"])
async def get_entry(request: Request, ledger: str, position: Position) -> Response:
    """One entry; with the event where the role may see it."""
    here, credential = await enter_reading(request, ledger, READERS)

    def find() -> bytes:
        row = here.ledger.reader.entry(position, here.ledger.published.size)
        found = receipts.shown(row)
        if credential.role in PART_READERS:
            events = here.ledger.reader.parts(row, (EVENT_PART,))
            found["event"] = _json_or_text(events[0].body) if events else None
            found["parts"] = here.ledger.reader.names(row)
        return msgspec.json.encode(found)

    content = await run_in_threadpool(find)
    return Response(content, headers=facts(here) | _UNKEPT, media_type=JSON)


@router.get(
    "/v1/{ledger}/entries/{position}/raw", tags=["read"], response_class=Response,
    responses=only(BYTES),
)  # fmt: skip
async def get_raw(request: Request, ledger: str, position: Position) -> Response:
    """The entry's exact bytes."""
    here, _ = await enter_reading(request, ledger, READERS)
    reader, size = here.ledger.reader, here.ledger.published.size
    row = await run_in_threadpool(reader.entry, position, size)
    return Response(row.raw, headers=facts(here), media_type=BYTES)


@router.get(
    "/v1/{ledger}/entries/{position}/proof", tags=["read"], response_class=PlainTextResponse,
    responses=only(PROOF_JSON),
)  # fmt: skip
async def get_proof(request: Request, ledger: str, position: Position) -> Response:
    """A tlog-proof file; or, by `Accept`, entry, proof and parts in one JSON file."""
    here, credential = await enter_reading(request, ledger, READERS)
    whole = PROOF_JSON in request.headers.get("accept", "")

    def find() -> bytes:
        row = here.ledger.reader.entry(position, here.ledger.published.size)
        file = receipts.proof(here.ledger, position, here.cosigners.shown)
        if not whole:
            return file
        seen = credential.role in PART_READERS
        parts = here.ledger.reader.parts(row) if seen else []
        return msgspec.json.encode(receipts.bundle(row, file, parts))

    content = await run_in_threadpool(find)
    media = PROOF_JSON if whole else TEXT
    return Response(content, headers=facts(here) | _UNKEPT, media_type=media)


@router.get("/v1/{ledger}/entries/{position}/parts/{name}", tags=["read"])
async def get_part(request: Request, ledger: str, position: Position, name: str) -> Response:
    """A part with its salt."""
    here, credential = await enter(request, ledger, PART_READERS)

    def find() -> bytes | None:
        row = here.ledger.reader.entry(position, here.ledger.published.size)
        for part in here.ledger.reader.parts(row, (name,)):
            return msgspec.json.encode({**receipts.named(part), "media_type": part.media_type})
        return None

    content = await run_in_threadpool(find)
    # What names no part is the reader's own words, and goes into no event.
    path = f"entries/{position}/parts"
    await record_read(request, here, credential, path if content is None else f"{path}/{name}")
    if content is None:
        raise NotFoundError(f"position {position} has no part {name}, or it was redacted")
    return Response(content, headers=facts(here) | _UNKEPT, media_type=JSON)


@router.get(
    "/v1/{ledger}/documents/{commitment}", tags=["read"], response_class=Response,
    responses=only("*/*"),
)  # fmt: skip
async def get_document(
    request: Request, ledger: str, commitment: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
) -> Response:
    """The bytes of a named part or of a large event, by its commitment."""
    here, _ = await enter_reading(request, ledger, PART_READERS)
    reader, size = here.ledger.reader, here.ledger.published.size
    row, part = await run_in_threadpool(reader.document, bytes.fromhex(commitment), size)
    if part is None:
        raise HTTPException(410, f"the key of this document of position {row.position} is gone")
    headers = (
        facts(here)
        | {
            # Bytes that strangers wrote: never shown as a page of ours.
            "Content-Disposition": f'attachment; filename="{row.position}-{part.name}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "ETag": f'"{commitment}"',
            "Link": f'</v1/{ledger}/entries/{row.position}>; rel="describedby"',
        }
        | _UNKEPT
    )
    return Response(part.body, headers=headers, media_type=part.media_type)


@router.get("/v1/{ledger}/streams/{stream:path}", tags=["read"])
async def get_stream(
    request: Request,
    ledger: str,
    stream: str,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = MAX_PAGE,
    known_at: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """The events of one stream, each with its entry and its path to the root of one checkpoint.

    Their numbers run from 1 without gaps, so nothing is left out between them. With `known_at`
    they are proved against the smallest published checkpoint of at least so many entries: pages
    after the first name the `size` of the first.
    """
    here, _ = await enter_reading(request, ledger, READERS)
    name = check_stream(stream)
    published = here.ledger.published
    if known_at is not None and known_at > published.size:
        raise RefusedError("query known_at", "expected a published size")

    def find() -> tuple[bytes, int | None]:
        reader = here.ledger.reader
        note = published.checkpoint if known_at is None else reader.checkpoint(known_at)
        found = receipts.stream(here.ledger, name, note, after=after, limit=limit)
        return msgspec.json.encode(found), found["next"]

    content, last = await run_in_threadpool(find)
    headers = facts(here, published)
    if last is not None:
        headers["Link"] = next_page(request, after=last)
    return Response(content, headers=headers, media_type=JSON)


@router.get("/v1/{ledger}/log/checkpoint", tags=["log"], response_class=PlainTextResponse)
async def get_checkpoint(request: Request, ledger: str, *, witnessed: bool = False) -> Response:
    """The newest signed checkpoint, with the cosignatures of witnesses that came for it so far.

    With `witnessed=true` the newest one that enough witnesses cosigned.
    """
    here, _ = await enter(request, ledger, READERS)
    note = here.cosigners.shown(here.ledger.published.checkpoint)
    if witnessed:
        found = here.cosigners.witnessed
        if found is None:
            raise NotFoundError("no checkpoint of this ledger has a quorum of witnesses")
        note = found
    headers = facts(here) | {"Cache-Control": "max-age=1"}
    return Response(note, headers=headers, media_type=TEXT)


@router.get("/v1/{ledger}/log/consistency", tags=["log"])
async def get_consistency(
    request: Request,
    ledger: str,
    old: Annotated[int, Query(alias="from", ge=1)],
    new: Annotated[int, Query(alias="to", ge=1)],
) -> Response:
    """Proof that the smaller tree is the beginning of the larger one."""
    here, _ = await enter(request, ledger, READERS)
    if not old <= new <= here.ledger.published.size:
        raise RefusedError("query to", "expected from <= to <= the published size")

    def find() -> bytes:
        path = here.ledger.reader.consistency(old, new)
        return msgspec.json.encode(
            {"from": old, "to": new, "hashes": [write_base64(x) for x in path]}
        )

    return Response(await run_in_threadpool(find), headers=facts(here), media_type=JSON)


@router.get("/v1/{ledger}/log/keys", tags=["log"])
async def get_keys(request: Request, ledger: str) -> Response:
    """The log's public keys, retired ones too; compare the fingerprint with one got another way.

    `terms` says where each is valid, as positions or sizes of checkpoints. Who verifies takes that
    from the log itself, not from here.
    """
    found = request.app.state.served.get(ledger)
    if found is None:
        raise NotFoundError("no such ledger")
    keys = list(found.ledger.vkeys)
    answer = {
        "origin": found.ledger.origin,
        "keys": keys,
        "fingerprint": receipts.fingerprint(keys),
        "terms": [
            {"key": term.key.id, "first": term.first, "last": term.last}
            for term in found.ledger.succession.terms
        ],
    }
    return Response(msgspec.json.encode(answer), media_type=JSON)


def _json_or_text(body: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.decode("utf-8", "replace")
