"""The seq line and the entry: every value at its bounds, and one spelling of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.errors import DamageError, RefusedError, TooLargeError
from domain.log.entry import (
    Seq,
    Signature,
    encode_entry,
    format_at,
    parse_at,
    parse_entry,
    sign_context,
    verify_context,
)
from tests.domain.log import known_answers as known

SIGNATURES = tuple(Signature(f"key+{number:08x}", bytes([number])) for number in range(17))
SEQ = Seq(bytes(32), 1, "2026-01-01T00:00:00.000000Z", (1,), SIGNATURES[:1])
MOST = 2**63 - 1


@pytest.mark.parametrize(
    "seq",
    [
        SEQ, replace(SEQ, position=MOST), replace(SEQ, stream_numbers=()),
        replace(SEQ, stream_numbers=(1, MOST)), replace(SEQ, signatures=SIGNATURES[:16]),
    ],
)  # fmt: skip
def test_a_seq_line_is_read_as_it_was_written(seq: Seq) -> None:
    """Also without streams, with the most signatures and the largest numbers."""
    assert Seq.parse(seq.encode()) == seq


@pytest.mark.parametrize(
    ("seq", "place"),
    [
        (replace(SEQ, prev=bytes(31)), "seq"),
        (replace(SEQ, position=0), "seq"),
        (replace(SEQ, position=MOST + 1), "seq"),
        (replace(SEQ, at="2026-01-01T00:00:00Z"), "field at"),
        (replace(SEQ, stream_numbers=(0, 1)), "field sn"),
        (replace(SEQ, stream_numbers=(1, 0)), "field sn"),
        (replace(SEQ, stream_numbers=(1, MOST + 1)), "field sn"),
        (replace(SEQ, signatures=()), "field sig"),
        (replace(SEQ, signatures=SIGNATURES), "field sig"),
        (replace(SEQ, signatures=SIGNATURES[:1] * 2), "field sig"),
        (replace(SEQ, signatures=(Signature("key+00000000", b""),)), "field sig"),
        (replace(SEQ, signatures=(Signature('k"y+00000000', b"x"),)), "field sig"),
    ],
)
def test_what_a_seq_line_cannot_hold_is_not_written(seq: Seq, place: str) -> None:
    """The field is named."""
    with pytest.raises(RefusedError) as caught:
        seq.encode()
    assert caught.value.place == place


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        (b'"pos":1', b'"pos":0', "position is none"),
        (b'"pos":1', b'"pos":9223372036854775808', "position is none"),
        (b'"sn":[1]', b'"sn":[0]', "numbers in streams"),
        (b"2026-01-01", b"2026-02-31", "not in the calendar"),
        (b'"s":"AAAA"', b'"s":"AB=="', "seq: sig"),
        (b'"s":"AAAA"', b'"s":""', "seq: not a seq line"),
        (b'{"v":1', b'{"v":2', "seq: not a seq line"),
        (b'"v"', b'"\xff"', "seq: not a seq line"),
    ],
)
def test_another_line_is_damage(old: bytes, new: bytes, cause: str) -> None:
    """What the writer would not write, the reader does not take."""
    line = replace(SEQ, signatures=(Signature("key+00000000", bytes(3)),)).encode()
    assert line.count(old) == 1
    with pytest.raises(DamageError, match=cause):
        Seq.parse(line.replace(old, new))


CTX = known.ENTRIES[0].ctx.encode()


def test_an_entry_has_at_most_as_many_bytes_as_a_bundle_can_count() -> None:
    """65,535: what 16 bits say."""
    room = 65_535 - len(SEQ.encode()) - 1
    assert len(encode_entry(SEQ, b"x" * room)) == 65_535
    with pytest.raises(TooLargeError, match="65536 bytes, at most 65535"):
        encode_entry(SEQ, b"x" * (room + 1))
    with pytest.raises(DamageError, match="not a context line"):
        parse_entry(encode_entry(SEQ, b"x" * room))
    with pytest.raises(DamageError, match="65536 bytes, at most 65535"):
        parse_entry(encode_entry(SEQ, b"x" * room) + b"x")
    with pytest.raises(RefusedError, match="no line feed"):
        encode_entry(SEQ, CTX + b"\n")


def test_an_entry_of_one_line_or_with_other_numbers_is_damage() -> None:
    """Where its position can be read, it is said."""
    with pytest.raises(DamageError, match="expected two lines"):
        parse_entry(SEQ.encode())
    seq = replace(SEQ, position=7)
    with pytest.raises(DamageError, match="not a context line") as caught:
        parse_entry(encode_entry(seq, b"{}"))
    assert caught.value.position == 7
    for numbers in ((), (1, 1)):
        with pytest.raises(DamageError, match=f"1 streams but {len(numbers)} numbers") as caught:
            parse_entry(encode_entry(replace(seq, stream_numbers=numbers), CTX))
        assert caught.value.position == 7


def test_an_instant_is_utc_with_six_decimals() -> None:
    """Whatever zone it was told in; without one it is none."""
    told = datetime(2026, 1, 1, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=1)))
    assert format_at(told) == "2026-01-01T00:02:03.000004Z"
    assert parse_at("2026-01-01T00:02:03.000004Z") == told.astimezone(UTC)
    with pytest.raises(ValueError, match="without time zone"):
        format_at(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the mistake
    for text in ("2026-01-01T00:02:03Z", "2026-01-01T00:02:03.000004+00:00", "today"):
        with pytest.raises(DamageError, match="not UTC with six decimals"):
            parse_at(text)
    with pytest.raises(DamageError, match="not in the calendar"):
        parse_at("2026-06-30T23:59:60.000000Z")


def test_a_context_is_signed_by_one_known_key_and_by_none_wrongly() -> None:
    """Unknown keys are passed over."""
    one, two = known.INTAKE, known.SECOND_INTAKE
    keys = {one.id: one.verifier}
    verify_context(CTX, sign_context(CTX, [two, one]), keys)
    with pytest.raises(DamageError, match="no signature by a known intake key"):
        verify_context(CTX, sign_context(CTX, [two]), keys)
    with pytest.raises(DamageError, match="no signature by a known intake key"):
        verify_context(CTX, (), keys)
    wrong = Signature(one.id, bytes(64))
    both = {**keys, two.id: two.verifier}
    with pytest.raises(DamageError, match="does not verify"):
        verify_context(CTX, (*sign_context(CTX, [two]), wrong), both)
