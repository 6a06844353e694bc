"""What an answer must hold before an event counts as delivered.

Something between here and the ledger may answer in its place: a proxy, a login page, the server of
another name. An event leaves the spool only for the receipt of such an event. That the receipt is
true, its signatures and proof show: `pipeledger verify`.
"""

from __future__ import annotations

import json
from base64 import b64decode
from hashlib import sha256
from typing import Any

from pipeledger.errors import AwayError
from pipeledger.event import CONTENT_TYPE, short_type
from pipeledger.spool import REPORT, Item

_LINES = ("seq", "ctx")


def check_answer(answer: dict[str, Any], item: Item) -> None:
    """See that an answer that says success is a ledger's, and is about this item.

    Raises:
        AwayError: it is not.
    """
    if item.kind != REPORT:
        check_receipt(answer, _type_of(item))
        return
    rows = answer.get("receipts")
    if not isinstance(rows, list) or not isinstance(answer.get("recognised"), dict):
        raise AwayError("what answered is no ledger: no receipts for a report")
    for row in rows:
        if not isinstance(row, dict) or not isinstance(
            row.get("receipt", row.get("problem")), dict
        ):
            raise AwayError("what answered is no ledger: a row without receipt or problem")
        if "receipt" in row:
            check_receipt(row["receipt"], "")


def check_receipt(receipt: dict[str, Any], kind: str) -> None:
    """See that an answer is the receipt of an event.

    Args:
        receipt: the answer.
        kind: type of the event without prefix and version; empty: any.

    Raises:
        AwayError: it is not.
    """
    position, leaf = receipt.get("position"), receipt.get("leaf")
    lines = [receipt.get(name) for name in _LINES]
    if type(position) is not int or position < 1 or not all(isinstance(one, str) for one in lines):
        raise AwayError("what answered is no ledger: its answer is no receipt")
    seq, ctx = (_object(str(one)) for one in lines)
    entry = "\n".join(str(one) for one in lines).encode("utf-8", "surrogatepass")
    if seq.get("pos") != position or leaf != sha256(b"\0" + entry).hexdigest():
        raise AwayError("what answered is no ledger: its receipt contradicts itself")
    if kind and short_type(ctx.get("type")) != kind:
        raise AwayError("what answered gives the receipt of another event")


def _type_of(item: Item) -> str:
    said = _object(item.body if isinstance(item.body, bytes) else b"")
    if item.content_type != CONTENT_TYPE:
        # Signed. The label is no help: of a spool that was carried here, others wrote it.
        try:
            said = _object(b64decode(str(said.get("payload"))))
        except ValueError:
            said = {}
    return short_type(said.get("type"))


def _object(raw: str | bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {}
