"""What every answer about the past says in its headers."""

from __future__ import annotations

import hashlib
import math
import re
from typing import TYPE_CHECKING, Final

import msgspec

from domain.log.wire import write_base64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import Request

    from projections.answer import Question
    from projections.history import History
    from projections.selection import Selection

OLDEST_S: Final = 300.0
"""No state is told that was the newest longer ago, whatever a request puts up with."""
_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age=([0-9]{1,9})(?![^\s,])", re.IGNORECASE)


def headers_of(question: Question, media: str, more: str = "") -> dict[str, str]:
    """On what a question is answered, in this form; also before it is answered.

    Args:
        question: that is settled.
        media: the form.
        more: what else tells the answer from others on the same rows.
    """
    proof = question.proof
    headers = {
        "Pipeledger-Position": str(proof.position),
        "Pipeledger-Root": write_base64(bytes.fromhex(proof.root)),
        "Pipeledger-Definitions": proof.digest,
        "ETag": _etag(question, media, more),
        "Vary": "Accept",
        "Cache-Control": "no-cache",
    }
    return headers | {"Age": str(math.ceil(question.age))} if question.age else headers


def max_age(request: Request) -> float:
    """Seconds ago that the state which is told may have been the newest (RFC 9111, 5.2.1.1).

    A dashboard that says so shares what another asked just now, however much is appended.
    """
    said = _MAX_AGE.search(request.headers.get("cache-control", ""))
    return min(float(said[1]), OLDEST_S) if said else 0.0


def page_age(request: Request, history: History, wanted: Sequence[Selection]) -> float:
    """The same for a page of the console, which puts up with what answering costs by default.

    A browser that is told to reload says `no-cache` or `max-age=0`, and gets the newest state.

    Args:
        request: of the page.
        history: of the ledger.
        wanted: which rows the page is made of.
    """
    if request.headers.get("cache-control"):
        return max_age(request)
    return min(history.patience(wanted), OLDEST_S)


def is_had(request: Request, headers: dict[str, str]) -> bool:
    """Whether whoever asks has this answer already (If-None-Match)."""
    return headers["ETag"] in request.headers.get("if-none-match", "")


def _etag(question: Question, media: str, more: str) -> str:
    """The same for the same rows: position, parameters and definitions settle them."""
    proof = {name: value for name, value in question.proof.told().items() if name != "checkpoint"}
    said = (proof, [one.told() for one in question.selections], media, more)
    return f'"{hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:32]}"'
