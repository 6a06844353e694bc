"""Bytes that are nearly right: what strangers send when they try a parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TOKENS: Final = (
    b"", b"\n", b"\n\n", b"\r\n", b"\0", b" ", b"\t", b"\xff", b"\xc3\x28", b"\xed\xa0\x80",
    "\u2028".encode(), "\u0663".encode(), "\ufeff".encode(), "\u2014 ".encode(), b"=", b"==",
    b"AA==", b"AB==", b"+", b"-1", b"0", b"00", b"+1", b"1_0", b"1e9", b"9223372036854775807",
    b"9223372036854775808", b"9" * 5000, b"NaN", b"null", b"true", b"{", b"}", b"[", b"]", b'"',
    b"\\", b"\\u0000", b"\\ud800", b"[" * 2000, b'{"a":' * 500, b",", b":", b"'", b"%s", b"..",
    b"a" * 70_000,
)  # fmt: skip
"""Pieces that parsers stumble over."""


def mutated(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Right bytes with some edits: flipped, cut, doubled, moved, and tokens put in."""
    seed = st.sampled_from(list(seeds))
    edits = st.lists(st.one_of(_FLIP, _CUT, _PUT, _COPY), min_size=1, max_size=4)
    return st.one_of(st.builds(_edited, seed, edits), st.binary(max_size=200))


Edit = tuple[str, int, int, bytes]
_AT = st.integers(0, 100_000)
_FLIP = st.tuples(st.just("flip"), _AT, st.integers(0, 7), st.just(b""))
_CUT = st.tuples(st.just("cut"), _AT, st.integers(1, 40), st.just(b""))
_PUT = st.tuples(st.just("put"), _AT, st.integers(0, 8), st.sampled_from(TOKENS))
_COPY = st.tuples(st.just("copy"), _AT, st.integers(1, 200), st.just(b""))


def _edited(seed: bytes, edits: Sequence[Edit]) -> bytes:
    raw = seed
    for what, where, much, token in edits:
        at = where % (len(raw) + 1)
        if what == "flip":
            raw = raw[:at] + bytes(one ^ (1 << much) for one in raw[at : at + 1]) + raw[at + 1 :]
        elif what == "cut":
            raw = raw[:at] + raw[at + much :]
        elif what == "put":
            raw = raw[:at] + token + raw[at + much :]
        else:
            raw = raw[:at] + raw[at : at + much] + raw[at:]
    return raw


def refused(parse: Callable[[bytes], object], raw: bytes, own: tuple[type[Exception], ...]) -> bool:
    """Whether bytes are refused; any other error than our own is passed on."""
    try:
        parse(raw)
    except own:
        return True
    return False
