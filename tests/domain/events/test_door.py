"""What the strict door refuses, and where it says the fault is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.door import Limits, read_json
from domain.errors import RefusedError, TooLargeError
from domain.json_places import find_fault
from domain.json_quick import FaultError, read_quick

FAULTS = {
    "a key twice": (b'{"a":1,"a":2}', "byte 7 (a)"),
    "a key twice deep inside": (b'{"d":{"t":[{"x":1,"x":1}]}}', "byte 18 (d.t[0].x)"),
    "NaN": (b'{"a":NaN}', "byte 5 (a)"),
    "Infinity": (b'{"a":[0,-Infinity]}', "byte 8 (a[1])"),
    "an integer over 2^53-1": (b'{"a":9007199254740992}', "byte 5 (a)"),
    "an integer under -(2^53-1)": (b'{"a":-9007199254740992}', "byte 5 (a)"),
    "an integer of a million digits": (b'{"a":' + b"9" * 1_000_000 + b"}", "byte 5 (a)"),
    "a number infinite as a double": (b'{"a":1e999}', "byte 5 (a)"),
    "half of a surrogate pair": (b'{"a":"\\ud800"}', "byte 5 (a)"),
    "a NUL, escaped": (b'{"a":"\\u0000"}', "byte 5 (a)"),
    "a NUL, raw": (b'{"a":"\x00"}', "byte 6 (a)"),
    "a NUL in a key": (b'{"\\u0000":1}', "byte 1"),
    "a byte-order mark": (b"\xef\xbb\xbf{}", "byte 0"),
    "invalid UTF-8": (b'{"a":"\xff"}', "byte 6"),
    "an overlong form": (b'{"a":"\xc0\x80"}', "byte 6"),
    "a leading zero": (b'{"a":01}', "byte 6"),
    "a trailing comma": (b"[1,]", "byte 3 ([1])"),
    "something after the document": (b"{} {}", "byte 3"),
    "nothing": (b"", "byte 0"),
    "a comment": (b"{/**/}", "byte 1"),
    "single quotation marks": (b"{'a':1}", "byte 1"),
    "a line feed in a string": (b'"\n"', "byte 1"),
}


@pytest.mark.parametrize(("raw", "place"), FAULTS.values(), ids=FAULTS.keys())
def test_each_fault_is_refused_with_its_place(raw: bytes, place: str) -> None:
    """The byte, and the path inside the document where there is one."""
    with pytest.raises(RefusedError) as refusal:
        read_json(raw, Limits(size=2_000_000))
    assert refusal.value.place == place


def test_bytes_count_in_utf_8() -> None:
    """The place counts bytes, not characters."""
    with pytest.raises(RefusedError) as refusal:
        read_json('{"ü":1,"ü":2}'.encode())
    assert refusal.value.place == "byte 8 (ü)"


def test_a_depth_of_64_passes_and_65_does_not() -> None:
    """Nested arrays and objects count alike."""
    assert read_json(b"[" * 64 + b"]" * 64) is not None
    with pytest.raises(TooLargeError):
        read_json(b'{"a":' + b"[" * 64 + b"]" * 64 + b"}")
    with pytest.raises(TooLargeError):
        read_json(b"[" * 100_000)


def test_the_size_limit_is_exact() -> None:
    """As many bytes as allowed pass, one more does not."""
    assert read_json(b'"aaaa"', Limits(size=6)) == "aaaa"
    with pytest.raises(TooLargeError):
        read_json(b'"aaaaa"', Limits(size=6))


def test_many_small_objects_and_paired_surrogates_pass() -> None:
    """What only looks odd to the quick pass is taken."""
    assert read_json(b"[" + b",".join([b"{}"] * 500) + b"]") == [{}] * 500
    assert read_json(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"
    assert read_json(b"9007199254740991") == 2**53 - 1


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "text", ["", "[1,]", "{'a':1}", '"\\u0000"', '"\\ud800"', "1e999", "[" * 65 + "]" * 65]
)
def test_the_quick_pass_says_that_something_is_wrong(text: str) -> None:
    """And leaves it to the slow one where."""
    with pytest.raises(FaultError):
        read_quick(text, 0, 64)


@given(JSON, st.booleans())
def test_whatever_is_well_formed_is_read_as_it_is(value: object, ascii_only: bool) -> None:  # noqa: FBT001 - a strategy
    """Escaped or not, the value comes back."""
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()[:-1]))
def test_the_quick_and_the_slow_pass_agree(raw: bytes) -> None:
    """What one takes the other takes, and nothing but our own errors comes out."""
    try:
        read_json(raw)
        quick = True
    except RefusedError:
        quick = False
    try:
        find_fault(raw.decode(), 64)
        slow = not raw.startswith(b"\xef\xbb\xbf")
    except (RefusedError, UnicodeDecodeError):
        slow = False
    assert quick == slow


def test_a_deep_text_is_not_read_once_a_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """The place of a fault at its end is found by a few readings, and is the exact one."""
    readings: list[int] = []

    def counted(text: str, at: int, depth: int) -> tuple[object, int]:
        readings.append(at)
        return read_quick(text, at, depth)

    monkeypatch.setattr("domain.json_places.read_quick", counted)
    text = "[" * 60 + "1.5," * 4000 + "x"
    with pytest.raises(RefusedError, match=rf"^byte {len(text) - 1} "):
        find_fault(text, 64)
    assert len(readings) <= 6
