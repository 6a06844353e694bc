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
from typing import TYPE_CHECKING, Any

from pipeledger.verifier.wire import MAX_NUMBER, UnsoundError, read_base64

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_ENTRY = 65_535
MAX_ORIGIN = 100
MAX_STREAMS = 4
MAX_TAGS = 32
MAX_ENTRY_SIGNATURES = 16
PREFIX = b'{"v":1,"prev":"'
"""The first bytes of every entry; the link is the 64 hexadecimal digits after them."""
AFTER_LINK = b'","pos":'
LINK_AT = len(PREFIX)
LINK_END = LINK_AT + 64

_PAYLOAD_TYPE = b"application/vnd.pipeledger.ctx.v1+json"
_ASSURANCES = frozenset({"decided", "observed", "asserted", "imported"})
_METHODS = frozenset({"oidc", "key", "token", "webhook", "server"})
_HEX = re.compile("[0-9a-f]{64}").fullmatch
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII).fullmatch
_ORIGIN = re.compile(r"[a-z0-9][a-z0-9.-]*(?:/[a-z0-9._-]+)*").fullmatch
_NAME = re.compile("[!#-~]{1,232}").fullmatch
_KEY_ID = re.compile(r"[!#-*,-\[\]-~]{1,232}\+[0-9a-f]{8}").fullmatch
_PRINCIPAL = re.compile("(?:per|wkl)_[0-9a-f]{32}").fullmatch
_CREDENTIAL = re.compile("crd_[0-9a-f]{32}").fullmatch
_PART_NAME = re.compile("[a-z][a-z0-9-]{0,31}").fullmatch
_HALF = "[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE = re.compile(f"{_HALF}/{_HALF}").fullmatch
_read = json.JSONDecoder().decode


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


def misplaced(entries: Sequence[bytes], begin: int) -> tuple[int, UnsoundError | None]:
    """How many entries begin as those of their positions do, and the fault of the next one."""
    for good, entry in enumerate(entries):
        if not entry.startswith(PREFIX) or not entry.startswith(
            b'%b%d,"at":"' % (AFTER_LINK, begin + good), LINK_END
        ):
            cause = "not the beginning of an entry of this position"
            return good, UnsoundError(begin + good, cause)
    return len(entries), None


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
    seq = _line(first, "seq", _write_seq)
    context = _line(second, "ctx", _write_context)
    _check_seq(seq)
    _check_context(context)
    _need(len(seq["sn"]) == len(context["streams"]), "seq.sn: not one number a stream")
    signed = b"DSSEv1 %d %b %d %b" % (len(_PAYLOAD_TYPE), _PAYLOAD_TYPE, len(second), second)
    signatures = [(one["k"], read_base64(one["s"], "seq.sig")) for one in seq["sig"]]
    return Entry(seq, context, signed, signatures)


def _line(raw: bytes, name: str, write: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    """Read a line; writing its fields in their order must give the line back."""
    try:
        line = raw.decode("ascii")
        fields: dict[str, Any] = _read(line)
        again = write(fields)
    except (ValueError, RecursionError) as error:
        raise UnsoundError(None, f"entry: {name}: not JSON in ASCII") from error
    except (KeyError, TypeError, IndexError) as error:
        raise UnsoundError(None, f"entry: {name}: not its fields") from error
    _need(again == line, f"{name}: not its fields in the one spelling of their values")
    return fields


def _write_seq(seq: dict[str, Any]) -> str:
    signatures = ",".join([f'{{"k":"{one["k"]}","s":"{one["s"]}"}}' for one in seq["sig"]])
    return (
        f'{{"v":{seq["v"]},"prev":"{seq["prev"]}","pos":{seq["pos"]},"at":"{seq["at"]}",'
        f'"sn":[{",".join(map(str, seq["sn"]))}],"sig":[{signatures}]}}'
    )


def _write_context(context: dict[str, Any]) -> str:
    by, event, claims = context["by"], context["event"], context["by"]["claims"]
    said = "null" if claims is None else f'"{claims}"'
    parts = ",".join(
        [
            f'{{"name":"{part["name"]}","ct":"{part["ct"]}","len":{part["len"]},"c":"{part["c"]}"}}'
            for part in context["parts"]
        ]
    )
    return (
        f'{{"o":"{context["o"]}","type":"{context["type"]}","tv":{context["tv"]},'
        f'"as":"{context["as"]}","by":{{"p":"{by["p"]}","cred":"{by["cred"]}",'
        f'"how":"{by["how"]}","claims":{said}}},"streams":[{_write_names(context["streams"])}],'
        f'"tags":[{_write_names(context["tags"])}],'
        f'"event":{{"len":{event["len"]},"c":"{event["c"]}"}},"parts":[{parts}]}}'
    )


def _write_names(names: list[str]) -> str:
    return '"' + '","'.join(names) + '"' if names else ""


def _check_seq(seq: dict[str, Any]) -> None:
    _need(type(seq["v"]) is int and seq["v"] == 1, "seq.v: a version this verifier does not know")
    _need(_is(_HEX, seq["prev"]), "seq.prev")
    _need(_count(seq["pos"], 1), "seq.pos")
    _need(_is(_AT, seq["at"]), "seq.at")
    try:
        datetime.fromisoformat(seq["at"])
    except ValueError as error:
        raise UnsoundError(None, "entry: seq.at: no such instant") from error
    _need(all(_count(one, 1) for one in seq["sn"]), "seq.sn")
    signers = [one["k"] for one in seq["sig"]]
    _need(all(_is(_KEY_ID, one) for one in signers), "seq.sig")
    _need(all(one["s"] for one in seq["sig"]), "seq.sig: a signature without bytes")
    _need(0 < len(set(signers)) == len(signers) <= MAX_ENTRY_SIGNATURES, "seq.sig: one key twice")


def _check_context(context: dict[str, Any]) -> None:
    _need(_is(_ORIGIN, context["o"]) and len(context["o"]) <= MAX_ORIGIN, "ctx.o")
    _need(_is(_NAME, context["type"]), "ctx.type")
    _need(_count(context["tv"], 1), "ctx.tv")
    _need(context["as"] in _ASSURANCES, "ctx.as")
    by = context["by"]
    _need(_is(_PRINCIPAL, by["p"]), "ctx.by.p")
    _need(_is(_CREDENTIAL, by["cred"]), "ctx.by.cred")
    _need(by["how"] in _METHODS, "ctx.by.how")
    _need(by["claims"] is None or _is(_HEX, by["claims"]), "ctx.by.claims")
    streams, tags, parts = context["streams"], context["tags"], context["parts"]
    _need(all(_is(_NAME, one) for one in streams), "ctx.streams")
    _need(len(set(streams)) == len(streams) <= MAX_STREAMS, "ctx.streams: one twice, or too many")
    _need(all(_is(_NAME, one) for one in tags), "ctx.tags")
    _need(tags == sorted(set(tags)), "ctx.tags: not sorted, or one twice")
    _need(len(tags) <= MAX_TAGS, "ctx.tags: too many")
    _need(_committed(context["event"]), "ctx.event")
    for part in parts:
        _need(_committed(part), "ctx.parts")
        _need(_is(_PART_NAME, part["name"]) and _is(_MEDIA_TYPE, part["ct"]), "ctx.parts")
    named = [part["name"] for part in parts]
    _need(named == sorted(set(named)), "ctx.parts: not in order of name, or one twice")
    _need("event" not in named and "claims" not in named, "ctx.parts: a reserved name")


def _committed(reference: dict[str, Any]) -> bool:
    return _count(reference["len"], 0) and _is(_HEX, reference["c"])


def _count(value: object, least: int) -> bool:
    # `type(…) is int`: True is an int to isinstance.
    return type(value) is int and least <= value <= MAX_NUMBER


def _is(pattern: Any, value: str) -> bool:  # noqa: ANN401 - a bound method of a pattern
    # What was written between quotation marks, and gave the line back, is a text.
    return pattern(value) is not None


def _need(condition: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise UnsoundError(None, f"entry: {what}")
