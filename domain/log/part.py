"""Parts: the bytes an entry speaks of without holding them.

An entry holds salted commitments only (design section 2). So the bytes of a part can be removed
together with their salt, for a person's sake or because a secret slipped in, and every hash,
signature and proof still verifies. What then stands there is `redacted`, not `damaged`:

| bytes | salt | commitment   | standing  |
|-------|------|--------------|-----------|
| there | there| agrees       | stands    |
| there | there| differs      | damage    |
| gone  | gone |              | redacted  |
| only one of the two  |      | damage    |

The salt goes with the bytes because a commitment whose salt is known can be searched for
guessable bytes, which is what the salt is there to prevent.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from domain.errors import DamageError

if TYPE_CHECKING:
    from domain.content import Content, Long

SALT_BYTES = 32
EVENT_PART = "event"
CLAIMS_PART = "claims"
REDACTED: Final = "pipeledger.part.redacted"
"""The type of event that says that parts were removed."""
ERASED: Final = "pipeledger.person.erased"
"""The type of event that says that the key of a person's parts was destroyed."""

_PREFIX = b"pipeledger/part/v1\0"


def commitment(salt: bytes, body: Content) -> bytes:
    """SHA-256 of `pipeledger/part/v1`, a zero byte, the salt and the body (32 bytes).

    Raises:
        ValueError: the salt is not 32 bytes long; its fixed length is what keeps salt and
            body apart inside the hash.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    if isinstance(body, bytes):
        return sha256(_PREFIX + salt + body).digest()
    digest = sha256(_PREFIX + salt)
    for piece in body.pieces():
        digest.update(piece)
    return digest.digest()


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes that an entry commits to.

    Attributes:
        name: `event`, `claims`, or a name of `domain.log.names.check_part_name`.
        media_type: bare media type, without parameters.
        body: the bytes in clear.
        salt: 32 random bytes, used for this part alone.
    """

    name: str
    media_type: str
    body: bytes
    salt: bytes

    @property
    def commitment(self) -> bytes:
        """What the entry holds in place of the bytes (32 bytes); computed at every call."""
        return commitment(self.salt, self.body)


@dataclass(frozen=True, slots=True)
class LongPart:
    """A part on its way into the log whose bytes are too many to be held.

    Attributes:
        name, media_type, salt: see `Part`.
        body: the bytes in clear.
    """

    name: str
    media_type: str
    body: Long
    salt: bytes

    @property
    def commitment(self) -> bytes:
        """See `Part.commitment`."""
        return commitment(self.salt, self.body)


class Standing(Enum):
    """What is left of a part."""

    STANDS = "stands"
    REDACTED = "redacted"


def standing(
    name: str, length: int, committed: bytes, *, salt: bytes | None, body: bytes | None
) -> Standing:
    """Whether what is kept of a part agrees with what its entry says.

    Args:
        name: the part's name, for the message.
        length: the length the entry states, in bytes.
        committed: the commitment the entry states.
        salt: the salt as kept, or None when it is gone.
        body: the bytes as kept, in clear, or None when they are gone.

    Raises:
        DamageError: bytes without salt, salt without bytes, or other bytes than committed.
    """
    if salt is None and body is None:
        return Standing.REDACTED
    if salt is None or body is None:
        gone, left = ("salt", "bytes") if salt is None else ("bytes", "salt")
        raise DamageError(None, f"part {name}: {gone} deleted, {left} kept")
    if len(body) != length:
        raise DamageError(None, f"part {name}: {len(body)} bytes kept, {length} stated")
    if len(salt) != SALT_BYTES or commitment(salt, body) != committed:
        raise DamageError(None, f"part {name}: the bytes do not agree with their commitment")
    return Standing.STANDS
