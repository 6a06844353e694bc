"""Who was authenticated, as an entry says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class By:
    """Who was authenticated.

    Attributes:
        principal: `per_` or `wkl_` and 32 hexadecimal digits.
        credential: `crd_` and 32 hexadecimal digits.
        how: one of `domain.log.context.METHODS`.
        claims: commitment to the token's decoded payload (32 bytes), or None.
    """

    principal: str
    credential: str
    how: str
    claims: bytes | None = None
