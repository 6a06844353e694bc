"""All events of a stream from a ledger, in one file that can be verified."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pipeledger.answers import JSON, fetch
from pipeledger.errors import AwayError, ClientError
from pipeledger.looking import listed, text
from pipeledger.trusting import TrustStore
from pipeledger.verifier.stream import check_stream
from pipeledger.verifier.wire import UncheckedError, UnsoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeledger.settings import Settings

_KEPT = ("number", "position", "entry", "hashes")
_SHOWN = ("number", "position", "at", "type")


def fetch_stream(settings: Settings, name: str) -> dict[str, Any]:
    """The events of a stream, all under the checkpoint of the first page.

    Raises:
        AwayError: the ledger does not answer, or not like a ledger.
        ClientError: it refuses.
    """
    whole: dict[str, Any] = {}
    query: dict[str, str] = {}
    while True:
        page = _page(fetch(settings, f"streams/{quote(name, safe='/')}", query, JSON).body)
        if page.get("stream") != name:
            raise AwayError("the ledger answers with another stream than was asked for")
        if not whole:
            whole = page | {"next": None}
        elif page.get("checkpoint") != whole.get("checkpoint"):
            raise AwayError("the ledger answers each page under another checkpoint")
        else:
            whole["entries"] += page["entries"]
        after = page.get("next")
        if after is None:
            return whole
        before = int(query.get("after", "0"))
        if type(after) is not int or after <= before or not page["entries"]:
            raise AwayError("the ledger answers with pages that lead nowhere")
        query = {"after": str(after), "known_at": str(whole.get("size"))}


def stream_file(whole: dict[str, Any]) -> bytes:
    """The file that `pipeledger verify` takes."""
    entries = [{name: one[name] for name in _KEPT if name in one} for one in whole["entries"]]
    return json.dumps(whole | {"entries": entries}, separators=(",", ":")).encode() + b"\n"


def stream_lines(whole: dict[str, Any], settings: Settings) -> Iterator[str]:
    """The events for people, and what is shown of them.

    Raises:
        ClientError: it does not hold.
    """
    for one in whole["entries"]:
        yield "  ".join(_word(one, name) for name in _SHOWN)
    try:
        yield from check_stream(whole, TrustStore(settings.config).logs()).lines([])
    except UnsoundError as error:
        raise ClientError(f"do not believe this answer: {error}") from error
    except UncheckedError as error:
        yield f"not checked: {error.reason}"


def _word(one: dict[str, Any], name: str) -> str:
    value = one.get(name)
    return str(value) if type(value) is int else text(one, name)


def _page(raw: bytes) -> dict[str, Any]:
    try:
        page = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise AwayError("what answered is no ledger: no JSON") from error
    if listed(page, "entries") is None:
        raise AwayError("what answered is no ledger: no entries of a stream")
    found: dict[str, Any] = page
    return found
