"""Numbers, base64 and hexadecimal digits have one spelling each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import RefusedError
from domain.log.wire import MAX_NUMBER, read_base64, read_number, write_base64


@given(st.integers(0, MAX_NUMBER))
def test_a_number_is_read_as_it_is_written(number: int) -> None:
    """Every number up to 2^63-1 comes back."""
    assert read_number(str(number), "x") == number


def test_the_largest_number_is_what_63_bits_say() -> None:
    """It is read."""
    assert read_number("9223372036854775807", "x") == 2**63 - 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 7",
        "7 ",
        "+7",
        "-7",
        "-0",
        "00",
        "07",
        "1_000",
        "1e3",
        "1.0",
        "0x1",
        "7\n",
        "\N{ARABIC-INDIC DIGIT THREE}",
        "\N{FULLWIDTH DIGIT SEVEN}",
    ],
)
def test_another_spelling_of_a_number_is_refused(text: str) -> None:
    """Signs, blanks, leading zeros, underscores and digits of other scripts are refused."""
    with pytest.raises(RefusedError, match="line 2"):
        read_number(text, "line 2")


@pytest.mark.parametrize("text", ["9223372036854775808", "9" * 19, "9" * 20, "1" + "0" * 5000])
def test_a_number_over_the_cap_is_refused(text: str) -> None:
    """2^63 and more is refused, however long."""
    with pytest.raises(RefusedError):
        read_number(text, "x")


@given(st.binary(max_size=200))
def test_base64_is_read_as_it_is_written(raw: bytes) -> None:
    """All bytes come back from their encoding."""
    assert read_base64(write_base64(raw), "x") == raw


@pytest.mark.parametrize(
    "text", ["AB==", "AAB=", "AA", "AA=", "AA===", "A", "AA==\n", " AA==", "A A==", "A-_=", "Ä===",
             "AA==AA==", "====", "AAAA!", "\u0660AA="],
)  # fmt: skip
def test_another_spelling_of_base64_is_refused(text: str) -> None:
    """Trailing bits, missing or extra padding, blanks, junk and other alphabets are refused."""
    with pytest.raises(RefusedError, match="canonical"):
        read_base64(text, "x")


def test_base64_of_another_length_is_refused() -> None:
    """A length that is wanted is checked."""
    with pytest.raises(RefusedError, match="expected 32 bytes, got 31"):
        read_base64(write_base64(bytes(31)), "x", 32)


@given(st.text(max_size=40))
def test_any_text_is_base64_in_one_way_or_refused(text: str) -> None:
    """Whatever is accepted is what encoding gives."""
    try:
        raw = read_base64(text, "x")
    except RefusedError:
        return
    assert write_base64(raw) == text
