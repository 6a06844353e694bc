"""What every answer about the past says in its headers."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from domain.log.wire import write_base64

if TYPE_CHECKING:
    from fastapi import Request

    from projections.history import Question


def headers_of(question: Question, media: str, more: str = "") -> dict[str, str]:
    """On what a question is answered, in this form; also before it is answered.

    Args:
        question: that is settled.
        media: the form.
        more: what else tells the answer from others on the same rows.
    """
    proof = question.proof
    return {
        "Pipeledger-Position": str(proof.position),
        "Pipeledger-Root": write_base64(bytes.fromhex(proof.root)),
        "Pipeledger-Definitions": proof.digest,
        "ETag": _etag(question, media, more),
        "Vary": "Accept",
        "Cache-Control": "no-cache",
    }


def is_had(request: Request, headers: dict[str, str]) -> bool:
    """Whether whoever asks has this answer already (If-None-Match)."""
    return headers["ETag"] in request.headers.get("if-none-match", "")


def _etag(question: Question, media: str, more: str) -> str:
    """The same for the same rows: position, parameters and definitions settle them."""
    proof = {name: value for name, value in question.proof.told().items() if name != "checkpoint"}
    said = (proof, [one.told() for one in question.selections], media, more)
    return f'"{hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:32]}"'
