"""Entries as the verifier reads them: every field at its bounds."""

from __future__ import annotations

from typing import Any, Final

import pytest

from pipeledger.verifier.entry import MAX_ENTRY, parse_entry
from pipeledger.verifier.wire import MAX_NUMBER, UnsoundError
from tests.client.writer import Key, Writer, b64, compact

HASH: Final = "0f" * 32
KEY: Final = "pipeledger.example/intake+0123abcd"
PART: Final = {"name": "text", "ct": "text/plain", "len": 1, "c": HASH}
BY: Final = {"p": "per_" + "a" * 32, "cred": "crd_" + "b" * 32, "how": "oidc", "claims": None}


SEQ_FIELDS: Final[tuple[str, ...]] = ("v", "prev", "pos", "at", "sn", "sig")


def signed(count: int, signature: str = "AAAA") -> list[dict[str, str]]:
    """Signatures of as many keys."""
    return [{"k": f"{KEY[:-2]}{at:02x}", "s": signature} for at in range(count)]


def entry(**fields: Any) -> bytes:  # noqa: ANN401 - JSON
    """An entry some of whose fields are others."""
    seq = {name: fields.pop(name) for name in SEQ_FIELDS if name in fields}
    return Writer().append(seq=seq, ctx=fields).raw


def names(count: int, length: int = 2) -> list[str]:
    """As many different names, in their order."""
    return [f"{at:02}".ljust(length, "x") for at in range(count)]


def sized(size: int) -> bytes:
    """An entry of this many bytes."""
    least = len(entry(sig=signed(2, "AAAA")))
    room, rest = divmod(size - least, 8)
    raw = entry(sig=signed(2, "A" * (4 + 4 * room)), tags=[*entry_tags(rest)])
    assert len(raw) == size
    return raw


def entry_tags(more: int) -> list[str]:
    """The writer's own tags, the last of them longer."""
    return ["environment:production", "service:checkout" + "x" * more]


@pytest.mark.parametrize(
    "fields",
    [
        {"pos": MAX_NUMBER, "sn": [MAX_NUMBER]}, {"sn": [], "streams": []},
        {"sn": [1, 2, 3, 4], "streams": names(4, 232)}, {"sig": signed(16)}, {"tags": []},
        {"tags": names(32, 232)}, {"o": "a" * 100}, {"tv": MAX_NUMBER}, {"as": "imported"},
        {"type": "!"}, {"type": "~" * 232}, {"by": BY}, {"by": BY | {"claims": HASH}},
        {"event": {"len": 0, "c": HASH}}, {"event": {"len": MAX_NUMBER, "c": HASH}},
        {"parts": [PART | {"name": "a"}, PART | {"name": "z" * 32, "len": 0}]},
        {"parts": [PART | {"ct": "a/" + "b" * 127}]}, {"at": "2024-02-29T23:59:59.999999Z"},
    ],
)  # fmt: skip
def test_an_entry_may_go_to_its_bounds(fields: dict[str, Any]) -> None:
    """Each field; and it is read as it was written."""
    read = parse_entry(entry(**fields))
    for name, value in fields.items():
        assert (read.seq | read.context)[name] == value
    assert read.position == read.seq["pos"]


SEQ: Final[list[tuple[dict[str, Any], str]]] = [
    ({"v": 2}, "seq.v: a version"), ({"v": 0}, "seq.v: a version"),
    ({"v": 1.0}, "seq.v: a version"), ({"v": [1]}, "seq.v: a version"),
    ({"v": True}, "seq: not its fields in the one spelling"),
    ({"prev": HASH[1:]}, "seq.prev"), ({"prev": HASH + "0"}, "seq.prev"),
    ({"prev": HASH.upper()}, "seq.prev"), ({"prev": HASH + "\n"}, "seq: not its fields in"),
    ({"pos": 0}, "seq.pos"), ({"pos": -1}, "seq.pos"), ({"pos": 1.0}, "seq.pos"),
    ({"pos": [1]}, "seq.pos"), ({"pos": MAX_NUMBER + 1}, "seq.pos"),
    ({"at": "2026-01-01T00:00:00Z"}, "seq.at"), ({"at": ""}, "seq.at"),
    ({"at": "2026-01-01 00:00:00.000000Z"}, "seq.at"),
    ({"at": "2026-02-29T00:00:00.000000Z"}, "seq.at: no such instant"),
    ({"at": "2026-01-01T24:00:00.000001Z"}, "seq.at: no such instant"),
    ({"sn": [0]}, "seq.sn"), ({"sn": [1.0]}, "seq.sn"), ({"sn": [[1]]}, "seq.sn"),
    ({"sn": [MAX_NUMBER + 1]}, "seq.sn"),
    ({"sn": [0, 1], "streams": ["a", "b"]}, "seq.sn"),
    ({"sn": [1, 0], "streams": ["a", "b"]}, "seq.sn"),
    ({"sn": []}, "seq.sn: not one number a stream"),
    ({"sn": [1, 1]}, "seq.sn: not one number a stream"),
    ({"sig": []}, "seq.sig: one key twice"), ({"sig": signed(17)}, "seq.sig: one key twice"),
    ({"sig": signed(1) * 2}, "seq.sig: one key twice"),
    ({"sig": [*signed(1), {"k": "key", "s": "AAAA"}]}, "seq.sig"),
    ({"sig": [{"k": "k+y+00000000", "s": "AAAA"}]}, "seq.sig"),
    ({"sig": [*signed(1), {"k": "key+00000000", "s": ""}]}, "seq.sig: a signature without bytes"),
    ({"sig": signed(1, "AB==")}, "seq.sig: not canonical base64"),
]  # fmt: skip

CONTEXT: Final[list[tuple[dict[str, Any], str]]] = [
    ({"o": "a" * 101}, "ctx.o"), ({"o": "A"}, "ctx.o"), ({"o": ""}, "ctx.o"),
    ({"type": ""}, "ctx.type"), ({"type": "a b"}, "ctx.type"), ({"type": "~" * 233}, "ctx.type"),
    ({"tv": 0}, "ctx.tv"), ({"tv": 1.0}, "ctx.tv"), ({"tv": MAX_NUMBER + 1}, "ctx.tv"),
    ({"as": "believed"}, "ctx.as"), ({"as": ""}, "ctx.as"),
    ({"by": BY | {"p": "bot_" + "a" * 32}}, "ctx.by.p"),
    ({"by": BY | {"p": "per_" + "a" * 31}}, "ctx.by.p"),
    ({"by": BY | {"cred": "per_" + "a" * 32}}, "ctx.by.cred"),
    ({"by": BY | {"how": "hearsay"}}, "ctx.by.how"),
    ({"by": BY | {"claims": "00"}}, "ctx.by.claims"),
    ({"by": BY | {"claims": ""}}, "ctx.by.claims"),
    ({"by": BY | {"claims": False}}, "ctx: not its fields in the one spelling"),
    ({"by": BY | {"more": 1}}, "ctx: not its fields in the one spelling"),
    ({"by": []}, "ctx: not its fields"), ({"by": None}, "ctx: not its fields"),
    ({"streams": ["a b"]}, "ctx.streams"), ({"streams": [""]}, "ctx.streams"),
    ({"streams": ["a", "b c"], "sn": [1, 1]}, "ctx.streams"),
    ({"streams": [7]}, "ctx: not its fields"), ({"streams": {"a": 1}}, "ctx: not its fields in"),
    ({"streams": ["a", "a"], "sn": [1, 2]}, "ctx.streams: one twice, or too many"),
    ({"streams": names(5), "sn": [1] * 5}, "ctx.streams: one twice, or too many"),
    ({"tags": ["a", "b c"]}, "ctx.tags"), ({"tags": ["a b", "c"]}, "ctx.tags"),
    ({"tags": ["b", "a"]}, "ctx.tags: not sorted, or one twice"),
    ({"tags": ["a", "a"]}, "ctx.tags: not sorted, or one twice"),
    ({"tags": names(33)}, "ctx.tags: too many"),
    ({"event": {"len": -1, "c": HASH}}, "ctx.event"), ({"event": {"len": 1, "c": ""}}, "ctx.event"),
    ({"event": {"len": 1.0, "c": HASH}}, "ctx.event"), ({"event": [1]}, "ctx: not its fields"),
    ({"event": {"len": MAX_NUMBER + 1, "c": HASH}}, "ctx.event"),
    ({"parts": [PART | {"len": -1}]}, "ctx.parts"), ({"parts": [PART | {"c": "00"}]}, "ctx.parts"),
    ({"parts": [PART | {"name": "Text"}]}, "ctx.parts"),
    ({"parts": [PART | {"name": "z" * 33}]}, "ctx.parts"),
    ({"parts": [PART | {"ct": "text"}]}, "ctx.parts"),
    ({"parts": [PART | {"ct": "a/" + "b" * 128}]}, "ctx.parts"),
    ({"parts": [PART | {"name": "b"}, PART | {"name": "a"}]}, "ctx.parts: not in order of name"),
    ({"parts": [PART, PART]}, "ctx.parts: not in order of name, or one twice"),
    ({"parts": [PART | {"name": "event"}]}, "ctx.parts: a reserved name"),
    ({"parts": [PART | {"name": "claims"}]}, "ctx.parts: a reserved name"),
    ({"parts": ["text"]}, "ctx: not its fields"), ({"parts": None}, "ctx: not its fields"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "cause"), [*SEQ, *CONTEXT])
def test_an_entry_that_goes_beyond_them_is_none(fields: dict[str, Any], cause: str) -> None:
    """The field is named."""
    with pytest.raises(UnsoundError) as caught:
        parse_entry(entry(**fields))
    said = f"entry: {cause}" if "base64" not in cause else cause
    assert caught.value.cause.startswith(said)
    assert ":" in cause or caught.value.cause == said


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (b"", "not two lines"), (b"{}", "not two lines"), (b"\n", "seq: not JSON in ASCII"),
        (b"\xff\n{}", "seq: not JSON in ASCII"), (b"{}\n{}", "seq: not its fields"),
        (b"[]\n{}", "seq: not its fields"), (b"7\n{}", "seq: not its fields"),
        (b"[" * 60_000 + b"\n", "seq: not JSON in ASCII"),
    ],
)  # fmt: skip
def test_what_are_no_two_lines_of_json_is_told_so(raw: bytes, cause: str) -> None:
    """However deep."""
    with pytest.raises(UnsoundError) as caught:
        parse_entry(raw)
    assert caught.value.cause == f"entry: {cause}"


def test_an_entry_has_up_to_65535_bytes() -> None:
    """What two bytes before it in a bundle can say."""
    assert len(parse_entry(sized(MAX_ENTRY)).signatures) == 2
    with pytest.raises(UnsoundError, match="entry: 65536 bytes, at most 65535"):
        parse_entry(sized(65_536))


def test_what_is_signed_is_the_context_as_dsse_signs_it() -> None:
    """Signatures are read with the keys' names, in their order."""
    writer = Writer()
    writer.intake.append(Key("second", b"\7" * 32))
    raw = writer.append(streams=("a", "b"), named={"text": b"x", "code": b"y"}).raw
    read = parse_entry(raw)
    second = raw.split(b"\n")[1]
    kind = b"application/vnd.pipeledger.ctx.v1+json"
    assert read.signed == b"DSSEv1 38 %b %d %b" % (kind, len(second), second)
    assert compact(read.context).encode() == second
    assert read.signatures == [
        (f"{key.name}+{key.hash.hex()}", key.sign(read.signed)) for key in writer.intake
    ]
    assert [one["s"] for one in read.seq["sig"]] == [b64(value) for _, value in read.signatures]
