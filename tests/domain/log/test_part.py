"""Parts: a commitment stands for bytes, and redacted is not damaged."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DamageError
from domain.log.part import LongPart, Part, Standing, commitment, standing

if TYPE_CHECKING:
    from collections.abc import Iterator

SALT = bytes(range(32))
BODY = b"the bytes"
KNOWN = commitment(SALT, BODY)


def test_a_commitment_is_a_salted_hash_under_a_prefix_of_its_own() -> None:
    """Prefix, salt and body are hashed in this order."""
    assert sha256(b"pipeledger/part/v1\x00" + SALT + BODY).digest() == KNOWN
    assert Part("text", "text/plain", BODY, SALT).commitment == KNOWN


class Pieces:
    """Bytes that lie elsewhere."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    def __len__(self) -> int:
        return sum(map(len, self._pieces))

    def pieces(self) -> Iterator[bytes]:
        """The bytes."""
        return iter(self._pieces)


@pytest.mark.parametrize("pieces", [[BODY], [b"the ", b"", b"bytes"], [b"", b"the byte", b"s"]])
def test_bytes_that_come_in_pieces_have_the_same_commitment(pieces: list[bytes]) -> None:
    """However they are cut."""
    assert LongPart("text", "text/plain", Pieces(*pieces), SALT).commitment == KNOWN


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_salt_of_another_length_is_a_mistake(length: int) -> None:
    """Bytes cannot move between salt and body."""
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(bytes(length), BODY)


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_other_bytes_have_another_commitment(one: bytes, other: bytes) -> None:
    """A commitment binds its bytes."""
    assert (commitment(SALT, one) == commitment(SALT, other)) is (one == other)


def test_a_part_whose_bytes_agree_stands() -> None:
    """Bytes and salt as committed."""
    assert standing("text", 9, KNOWN, salt=SALT, body=BODY) is Standing.STANDS


def test_a_part_without_bytes_and_salt_is_redacted() -> None:
    """Both gone: what was there cannot be guessed any more, and nothing is damaged."""
    assert standing("text", 9, KNOWN, salt=None, body=None) is Standing.REDACTED


@pytest.mark.parametrize(
    ("salt", "body", "cause"),
    [
        (SALT, None, "bytes deleted, salt kept"),
        (None, BODY, "salt deleted, bytes kept"),
        (SALT, b"the bytez", "do not agree"),
        (bytes(32), BODY, "do not agree"),
        (SALT[:31], BODY, "do not agree"),
        (SALT, BODY + b".", "10 bytes kept, 9 stated"),
        (SALT, b"", "0 bytes kept, 9 stated"),
    ],
)
def test_anything_else_is_damage(salt: bytes | None, body: bytes | None, cause: str) -> None:
    """Half a redaction and other bytes are damage, named with the part."""
    with pytest.raises(DamageError, match=f"part text: .*{cause}"):
        standing("text", 9, KNOWN, salt=salt, body=body)
