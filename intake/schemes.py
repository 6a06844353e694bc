"""How senders prove that a webhook is theirs: each by its own scheme, compared in constant time."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

WINDOW: Final = timedelta(minutes=5)
"""How far a sender's signed clock may be from ours; an older delivery may be a replay."""


class Scheme(Protocol):
    """One way of proving it."""

    @property
    def enter(self) -> str:
        """What an operator does with the secret at the sender's side, in one line."""
        ...

    def holds(
        self, headers: Mapping[str, str], body: bytes, secret: str, at: datetime
    ) -> bool:  # fmt: skip
        """Whether the request comes from who knows the secret.

        Args:
            headers: names in lower case.
            body: as it came.
            secret: shared with the sender.
            at: the present instant.
        """
        ...


@dataclass(frozen=True, slots=True)
class Signed:
    """HMAC of the body in a header (RFC 2104), in hexadecimal or base64.

    Attributes:
        header: its name, lower case.
        prefix: what stands before the digits (`sha256=`).
        algorithm: of the hash.
        enter: see `Scheme`.
        several: the header may hold several signatures with commas between them, while a secret
            is being replaced.
        in_base64: the signature is written so (RFC 4648 section 4).
    """

    header: str
    enter: str
    prefix: str = ""
    algorithm: Literal["sha256", "sha512", "sha1"] = "sha256"
    several: bool = False
    in_base64: bool = False

    def holds(self, headers: Mapping[str, str], body: bytes, secret: str, at: datetime) -> bool:
        """See `Scheme`; nothing in the header is dated."""
        del at
        told = headers.get(self.header, "")
        made = hmac.new(secret.encode(), body, self.algorithm).digest()
        digits = base64.b64encode(made).decode() if self.in_base64 else made.hex()
        wanted = self.prefix + digits
        given = told.split(",") if self.several else [told]
        return any(_same(one.strip(), wanted) for one in given)


@dataclass(frozen=True, slots=True)
class Stamped:
    """HMAC of a time and the body in a header (RFC 2104, SHA-256), in hexadecimal.

    Attributes:
        header: of the signature, lower case.
        stamp: the header of the time in seconds since 1970, lower case.
        enter: see `Scheme`.
        begins: what is signed before the time.
        prefix: what stands before the digits.
    """

    header: str
    stamp: str
    enter: str
    begins: str = ""
    prefix: str = ""

    def holds(self, headers: Mapping[str, str], body: bytes, secret: str, at: datetime) -> bool:
        """See `Scheme`; the signed time must be near `at`."""
        stamp = headers.get(self.stamp, "").strip()
        try:
            near = abs(at - datetime.fromtimestamp(int(stamp), UTC)) <= WINDOW
        except (ValueError, OverflowError, OSError):
            return False
        signed = f"{self.begins}{stamp}:".encode() + body
        wanted = self.prefix + hmac.new(secret.encode(), signed, "sha256").hexdigest()
        return _same(headers.get(self.header, "").strip(), wanted) and near


@dataclass(frozen=True, slots=True)
class Shared:
    """The secret itself in a header.

    Attributes:
        header: its name, lower case.
        prefix: what stands before the secret (`Bearer `), in any case.
        enter: see `Scheme`.
    """

    header: str
    enter: str
    prefix: str = ""

    def holds(self, headers: Mapping[str, str], body: bytes, secret: str, at: datetime) -> bool:
        """See `Scheme`; the body is vouched for by the connection alone."""
        del body, at
        told = headers.get(self.header, "")
        begins = told[: len(self.prefix)].lower() == self.prefix.lower()
        return _same(told[len(self.prefix) :].strip(), secret) and begins


@dataclass(frozen=True, slots=True)
class Basic:
    """HTTP's user and password (RFC 7617); the password is the secret, the user is not looked at.

    Attributes:
        enter: see `Scheme`.
    """

    enter: str

    def holds(self, headers: Mapping[str, str], body: bytes, secret: str, at: datetime) -> bool:
        """See `Scheme`."""
        del body, at
        kind, _, told = headers.get("authorization", "").partition(" ")
        try:
            _, _, given = base64.b64decode(told.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return False
        return _same(given, secret) and kind.lower() == "basic"


@dataclass(frozen=True, slots=True)
class Standard:
    """Standard Webhooks: id, time and body are signed, in base64, possibly several times.

    The secret is `whsec_` and base64 of the key.

    Attributes:
        enter: see `Scheme`.
    """

    enter: str

    def holds(self, headers: Mapping[str, str], body: bytes, secret: str, at: datetime) -> bool:
        """See `Scheme`; the signed time must be near `at`."""
        named, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
            near = abs(at - datetime.fromtimestamp(int(stamp), UTC)) <= WINDOW
        except (binascii.Error, ValueError, OverflowError, OSError):
            return False
        signed = hmac.new(key, f"{named}.{stamp}.".encode() + body, "sha256").digest()
        wanted = "v1," + base64.b64encode(signed).decode()
        given = headers.get("webhook-signature", "").split()
        return any(_same(one, wanted) for one in given) and near


def standard_secret(key: bytes) -> str:
    """A key as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(key).decode()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Several schemes of which a sender may use one.

    Attributes:
        schemes: at least one; the first is the one to set up.
    """

    schemes: tuple[Scheme, ...]

    @property
    def enter(self) -> str:
        """See `Scheme`."""
        return self.schemes[0].enter

    def holds(self, headers: Mapping[str, str], body: bytes, secret: str, at: datetime) -> bool:
        """See `Scheme`."""
        return any(one.holds(headers, body, secret, at) for one in self.schemes)


def by_token(enter: str) -> AnyOf:
    """The secret as a bearer token, or as the password of basic authentication.

    Args:
        enter: see `Scheme`.
    """
    return AnyOf((Shared("authorization", enter, prefix="Bearer "), Basic(enter)))


def _same(given: str, wanted: str) -> bool:
    # An empty secret is a setting that is missing, and no proof.
    return bool(wanted) and hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), wanted.encode()
    )
