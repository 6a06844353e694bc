"""Entries: two lines of compact JSON, read back to the very bytes.

    entry = seq LF ctx                                            at most 65,535 bytes
    seq   = {"v":1,"prev":"<64 hex>","pos":N,"at":"...Z","sn":[n,...],"sig":[{"k":..,"s":..}]}
    ctx   = {"o":origin,"type":..,"tv":1,"as":..,"by":{..},"streams":[..],"tags":[..],
             "event":{"len":n,"c":"<hex>"},"parts":[{"name":..,"ct":..,"len":n,"c":"<hex>"}]}

Every line is printable ASCII without backslash, so nothing in it is escaped. A line is right when
writing what was read gives the line back, its fields are these in this order, and their values
are of these kinds: doubled fields, spaces and other spellings do not survive the first test.

What is signed is the context alone, as DSSE signs it: PAE("application/vnd.pipeledger.ctx.v1+json",
ctx). What the sequencer adds (position, time, numbers, link) is covered by the tree.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from pipeledger.verifier.wire import MAX_NUMBER, UnsoundError, read_base64

MAX_ENTRY = 65_535
MAX_STREAMS = 4
MAX_TAGS = 32
MAX_ENTRY_SIGNATURES = 16
PREFIX = b'{"v":1,"prev":"'
"""The first bytes of every entry; the link is the 64 hexadecimal digits after them."""
AFTER_LINK = b'","pos":'
LINK_END = len(PREFIX) + 64

_PAYLOAD_TYPE = b"application/vnd.pipeledger.ctx.v1+json"
_ASSURANCES = frozenset({"decided", "observed", "asserted", "imported"})
_METHODS = frozenset({"oidc", "key", "token", "webhook", "server"})
_PRINTABLE = re.compile(rb"[ -\[\]-~]+")
_HEX = re.compile("[0-9a-f]{64}").fullmatch
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII).fullmatch
_NAME = re.compile("[!#-~]{1,232}").fullmatch
_PRINCIPAL = re.compile("(?:per|wkl)_[0-9a-f]{32}").fullmatch
_CREDENTIAL = re.compile("crd_[0-9a-f]{32}").fullmatch
_PART_NAME = re.compile("[a-z][a-z0-9-]{0,31}").fullmatch
_MEDIA_TYPE = re.compile("[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}").fullmatch
_SEQ = ["v", "prev", "pos", "at", "sn", "sig"]
_CONTEXT = ["o", "type", "tv", "as", "by", "streams", "tags", "event", "parts"]
_BY = ["p", "cred", "how", "claims"]
_SIGNATURE = ["k", "s"]
_EVENT = ["len", "c"]
_PART = ["name", "ct", "len", "c"]
_write = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(slots=True)
class Entry:
    """An entry that is well formed; nothing of it is proved by that.

    Attributes:
        seq: the fields of the first line.
        context: the fields of the second line.
        signed: the bytes that the intake key signs.
        signatures: key id and signature, one a key.
    """

    seq: dict[str, Any]
    context: dict[str, Any]
    signed: bytes
    signatures: list[tuple[str, bytes]]

    @property
    def position(self) -> int:
        """The position the entry claims."""
        return int(self.seq["pos"])


def genesis_link(origin: str) -> bytes:
    """What the first entry links to (32 bytes)."""
    return sha256(b"pipeledger/genesis/v1\n" + origin.encode() + b"\n").digest()


def parse_entry(raw: bytes) -> Entry:
    """The entry of these bytes.

    Raises:
        UnsoundError: not exactly an entry; the cause names the field.
    """
    if len(raw) > MAX_ENTRY:
        raise UnsoundError(None, f"entry: {len(raw)} bytes, at most {MAX_ENTRY}")
    first, line_feed, second = raw.partition(b"\n")
    if not line_feed:
        raise UnsoundError(None, "entry: not two lines")
    seq = _line(first, "seq")
    context = _line(second, "ctx")
    _check_seq(seq)
    _check_context(context)
    _need(len(seq["sn"]) == len(context["streams"]), "seq.sn")
    signed = b"DSSEv1 %d %b %d %b" % (len(_PAYLOAD_TYPE), _PAYLOAD_TYPE, len(second), second)
    signatures = [(one["k"], read_base64(one["s"], "seq.sig")) for one in seq["sig"]]
    return Entry(seq, context, signed, signatures)


def _line(raw: bytes, name: str) -> dict[str, Any]:
    _need(_PRINTABLE.fullmatch(raw) is not None, f"{name}: a character no line has")
    line = raw.decode("ascii")
    try:
        fields = json.loads(line)
        again = _write(fields)
    except (ValueError, RecursionError) as error:
        raise UnsoundError(None, f"{name}: not JSON") from error
    _need(again == line, f"{name}: not the one spelling of its values")
    _need(type(fields) is dict, f"{name}: not an object")
    return dict(fields)


def _check_seq(seq: dict[str, Any]) -> None:
    _need(list(seq) == _SEQ, "seq: other fields")
    _need(type(seq["v"]) is int and seq["v"] == 1, "seq.v: a version this verifier does not know")
    _need(_is(_HEX, seq["prev"]), "seq.prev")
    _need(_count(seq["pos"], 1), "seq.pos")
    _need(_is(_AT, seq["at"]), "seq.at")
    try:
        datetime.fromisoformat(seq["at"])
    except ValueError as error:
        raise UnsoundError(None, "entry: seq.at: no such instant") from error
    _need(type(seq["sn"]) is list and all(_count(one, 1) for one in seq["sn"]), "seq.sn")
    signatures = seq["sig"]
    _need(type(signatures) is list and 1 <= len(signatures) <= MAX_ENTRY_SIGNATURES, "seq.sig")
    for one in signatures:
        _need(type(one) is dict and list(one) == _SIGNATURE and _is(_NAME, one["k"]), "seq.sig")
    _need(len({one["k"] for one in signatures}) == len(signatures), "seq.sig: one key twice")


def _check_context(context: dict[str, Any]) -> None:
    _need(list(context) == _CONTEXT, "ctx: other fields")
    _need(_is(_NAME, context["o"]), "ctx.o")
    _need(_is(_NAME, context["type"]), "ctx.type")
    _need(_count(context["tv"], 1), "ctx.tv")
    _need(type(context["as"]) is str and context["as"] in _ASSURANCES, "ctx.as")
    by = context["by"]
    _need(type(by) is dict and list(by) == _BY, "ctx.by")
    _need(_is(_PRINCIPAL, by["p"]), "ctx.by.p")
    _need(_is(_CREDENTIAL, by["cred"]), "ctx.by.cred")
    _need(type(by["how"]) is str and by["how"] in _METHODS, "ctx.by.how")
    _need(by["claims"] is None or _is(_HEX, by["claims"]), "ctx.by.claims")
    streams, tags, parts = context["streams"], context["tags"], context["parts"]
    _need(_names(streams) and len(streams) <= MAX_STREAMS, "ctx.streams")
    _need(len(set(streams)) == len(streams), "ctx.streams: one twice")
    _need(_names(tags) and len(tags) <= MAX_TAGS, "ctx.tags")
    _need(tags == sorted(set(tags)), "ctx.tags: not sorted, or one twice")
    event = context["event"]
    _need(type(event) is dict and list(event) == _EVENT and _committed(event), "ctx.event")
    _need(type(parts) is list, "ctx.parts")
    for part in parts:
        _need(type(part) is dict and list(part) == _PART and _committed(part), "ctx.parts")
        _need(_is(_PART_NAME, part["name"]) and _is(_MEDIA_TYPE, part["ct"]), "ctx.parts")
    if parts:
        named = [part["name"] for part in parts]
        _need(named == sorted(set(named)), "ctx.parts: not in order of name, or one twice")
        _need("event" not in named and "claims" not in named, "ctx.parts: a reserved name")


def _committed(reference: dict[str, Any]) -> bool:
    return _count(reference["len"], 0) and _is(_HEX, reference["c"])


def _names(value: object) -> bool:
    return type(value) is list and all(_is(_NAME, one) for one in value)


def _count(value: object, least: int) -> bool:
    # `type(…) is int`: True is an int to isinstance.
    return type(value) is int and least <= value <= MAX_NUMBER


def _is(pattern: Any, value: object) -> bool:  # noqa: ANN401 - a bound method of a pattern
    return type(value) is str and pattern(value) is not None


def _need(condition: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise UnsoundError(None, f"entry: {what}")
