"""The verifier's small tokens: one value has one spelling, and all else is refused."""

from __future__ import annotations

from typing import Any

import pytest

from pipeledger.verifier.wire import (
    MAX_NUMBER,
    Checkpoint,
    UncheckedError,
    UnsoundError,
    read_base64,
    read_hash,
    read_number,
    read_object,
    read_text,
)


@pytest.mark.parametrize("number", [0, 1, 9, 10, 2**63 - 1])
def test_a_number_is_its_decimal_digits(number: int) -> None:
    """Up to 2^63-1."""
    assert read_number(str(number), "size") == number


@pytest.mark.parametrize("text", ["", "00", "01", "+1", "-1", "1_0", " 1", "1\n", "\u0661",
                                  str(2**63), "1" * 20])  # fmt: skip
def test_another_spelling_of_a_number_is_none(text: str) -> None:
    """Python would take some of them."""
    with pytest.raises(UnsoundError, match="size: not a decimal number"):
        read_number(text, "size")
    assert MAX_NUMBER == 2**63 - 1


def test_base64_is_read_in_its_one_form() -> None:
    """With its padding."""
    assert [read_base64(text, "x") for text in ("", "AA==", "AAE=", "AAEC")] == [
        b"", b"\0", b"\0\1", b"\0\1\2"
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["AA", "AB==", "AA=", "A===", "AA==\n", "AA!=", "-_==",
                                  "\u00e4AAA", "AA==AA==", None, 7, b"AA=="])  # fmt: skip
def test_another_form_of_base64_is_none(text: object) -> None:
    """Neither with bits that count for nothing, nor of another alphabet, nor no text at all."""
    with pytest.raises(UnsoundError, match="hash: not canonical base64"):
        read_base64(text, "hash")


def test_a_hash_has_32_bytes() -> None:
    """No byte more or less."""
    assert read_hash("A" * 43 + "=", "root") == bytes(32)
    for text, length in (("A" * 40 + "AA==", 31), ("A" * 44, 33)):
        with pytest.raises(UnsoundError, match=f"root: {length} bytes, a hash has 32"):
            read_hash(text, "root")


def test_a_text_is_utf_8() -> None:
    """What is not is told with its place."""
    assert read_text("\u2014 a".encode(), "note") == "\u2014 a"
    with pytest.raises(UnsoundError, match="note: not UTF-8 at byte 2"):
        read_text(b"ab\xff", "note")


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        ("[]", "not a JSON object"), ("null", "not a JSON object"), ("7", "not a JSON object"),
        ("", "not JSON"), ("{", "not JSON"), ("[" * 100_000, "not JSON"), (b"\xff", "not JSON"),
        ('{"a":1,"a":1}', "not JSON"), ('{"a":[{"b":1,"b":2}]}', "not JSON"),
        ('{"a":NaN}', "not JSON"), ('{"a":-Infinity}', "not JSON"),
    ],
)  # fmt: skip
def test_what_is_no_object_of_json_is_told_so(raw: bytes | str, cause: str) -> None:
    """However deep; with no field twice, and no number that JSON does not have."""
    with pytest.raises(UnsoundError, match=f"^file: {cause}$"):
        read_object(raw, "file")


def test_an_object_keeps_its_fields() -> None:
    """Of any kind, in any depth."""
    told: dict[str, Any] = {"a": {"b": [1, None, True]}, "b": ""}
    assert read_object(b'{"a":{"b":[1,null,true]},"b":""}', "file") == told


def test_a_verdict_says_where_and_why() -> None:
    """And what cannot be checked says what to do about it."""
    assert str(UnsoundError(None, "cut")) == "cut"
    found = UnsoundError(7, "cut")
    assert (str(found), found.position, found.cause) == ("position 7: cut", 7, "cut")
    missing = UncheckedError("no key", "add one")
    assert (str(missing), missing.reason, missing.next_step) == ("no key", "no key", "add one")


def test_a_checkpoint_is_what_it_says_whoever_signed_it() -> None:
    """Two notes of one state are the same checkpoint."""
    one, other = (Checkpoint("a", 1, bytes(32), note) for note in (b"first", b"second"))
    assert one == other
    assert "first" not in repr(one)
