"""Asking a witness: `add-checkpoint`, and the latest checkpoint that it cosigned."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import urllib3

from domain.errors import DamageError, RefusedError, SettingError, UnavailableError
from domain.log.checkpoint import Checkpoint
from domain.log.cosignature import cosignatures_of, with_lines
from domain.log.note import MAX_NOTE, parse_note
from domain.log.wire import read_number
from domain.log.witness import StaleError, Submission, origin_digest

if TYPE_CHECKING:
    from domain.log.cosignature import Cosignature, WitnessKey

ANSWER_LIMIT: Final = 65_536
"""Largest answer to a submission that is read, in bytes."""
_SECONDS: Final = 10.0
_ADDRESS: Final = re.compile(r"https?://[!-*,-~]+")
_OK: Final = 200
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_UNPROCESSABLE: Final = 422


class UnknownLogError(UnavailableError):
    """The witness does not know the log, or not the key that it signs with."""


class ForkSeenError(UnavailableError):
    """The witness saw another tree of this log, or one that ours does not contain.

    Attributes:
        status: what it answered.
    """

    def __init__(self, status: int, cause: str) -> None:
        super().__init__(cause)
        self.status = status


@dataclass(frozen=True, slots=True)
class WitnessAddress:
    """A witness and where it is.

    Attributes:
        key: signs its cosignatures.
        url: prefix of both of its addresses, without a slash at its end.
    """

    key: WitnessKey
    url: str

    def __str__(self) -> str:
        return f"the witness {self.key.name} at {self.url}"

    @classmethod
    def of(cls, key: WitnessKey, url: str) -> WitnessAddress:
        """The address.

        Raises:
            SettingError: not an address of HTTP.
        """
        if _ADDRESS.fullmatch(url) is None or "#" in url or "?" in url:
            raise SettingError("a witness's address: http:// or https://, host and path")
        return cls(key, url.rstrip("/"))


class WitnessClient:
    """Speaks to one witness. Safe for threads; connections are kept."""

    def __init__(self, address: WitnessAddress, seconds: float = _SECONDS) -> None:
        """Prepare it; nothing is sent yet.

        Args:
            address: the witness.
            seconds: patience with one answer.
        """
        self.address = address
        self._seconds = seconds
        self._pool = urllib3.PoolManager(
            num_pools=1, maxsize=4, retries=False, timeout=urllib3.Timeout(seconds)
        )

    @property
    def name(self) -> str:
        """The witness's name."""
        return self.address.key.name

    def add(self, submission: Submission) -> Cosignature:
        """Have a checkpoint cosigned.

        Raises:
            StaleError: the witness cosigned another size last; the submission begins from there.
            ForkSeenError: it holds that the log contradicts what it saw.
            UnknownLogError: it does not know the log.
            UnavailableError: it does not answer, or not with its cosignature.
        """
        status, raw = self._ask("POST", "add-checkpoint", submission.encode(), ANSWER_LIMIT)
        if status == _OK:
            return self._cosignature(submission.note, raw)
        said = " ".join(raw[:200].decode("utf-8", "replace").split())
        if status == _CONFLICT:
            raise StaleError(self._size(raw))
        if status == _NOT_FOUND:
            raise UnknownLogError(f"the witness {self.name} does not know the log")
        if status == _FORBIDDEN:
            raise UnknownLogError(f"the witness {self.name} does not know the log's key: {said}")
        if status == _UNPROCESSABLE:
            raise ForkSeenError(status, f"the witness {self.name} refuses the tree: {said}")
        raise UnavailableError(f"the witness {self.name} answers {status}: {said}")

    def latest(self, origin: str) -> bytes | None:
        """The latest checkpoint of a log that it says it cosigned; None: it says there is none.

        Only its own cosignature was verified.

        Raises:
            UnavailableError: it does not answer, or not with a checkpoint that it cosigned.
        """
        status, raw = self._ask("GET", f"{origin_digest(origin)}/checkpoint", None, MAX_NOTE)
        if status == _NOT_FOUND:
            return None
        if status != _OK:
            raise UnavailableError(f"the witness {self.name} answers {status}")
        try:
            found = cosignatures_of(raw, [self.address.key])
            there = Checkpoint.of(raw)
        except (RefusedError, DamageError) as error:
            raise UnavailableError(
                f"the witness {self.name} shows no checkpoint that it cosigned: {error}"
            ) from error
        if not found or there.origin != origin:
            raise UnavailableError(f"the witness {self.name} shows no checkpoint that it cosigned")
        return raw

    def close(self) -> None:
        """Release the connections."""
        self._pool.clear()

    def _cosignature(self, note: bytes, lines: bytes) -> Cosignature:
        try:
            # Read as a note of its own: what else the note holds has no part in the answer.
            _, answered = parse_note(parse_note(note)[0].encode() + b"\n" + lines)
            found = cosignatures_of(with_lines(note, answered), [self.address.key])
        except (RefusedError, DamageError) as error:
            raise UnavailableError(
                f"the witness {self.name} answers without a cosignature that verifies: {error}"
            ) from error
        if not found:
            raise UnavailableError(f"the witness {self.name} answers without its cosignature")
        return found[0]

    def _size(self, raw: bytes) -> int:
        try:
            return read_number(raw.decode("ascii").removesuffix("\n"), "size")
        except (RefusedError, UnicodeDecodeError) as error:
            raise UnavailableError(
                f"the witness {self.name} says that another size stands, but not which"
            ) from error

    def _ask(self, method: str, path: str, body: bytes | None, limit: int) -> tuple[int, bytes]:
        try:
            answer = self._pool.request(
                method, f"{self.address.url}/{path}", body=body, redirect=False,
                preload_content=False, headers={"Content-Type": "text/plain; charset=utf-8"},
            )  # fmt: skip
            raw = self._read(answer, limit)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise UnavailableError(
                f"the witness {self.name} does not answer: {type(error).__name__}"
            ) from error
        return answer.status, raw

    def _read(self, answer: urllib3.BaseHTTPResponse, limit: int) -> bytes:
        """The body. Patience is with the whole of it: who drips bytes holds nobody up."""
        end = time.monotonic() + self._seconds
        raw = bytearray()
        while piece := answer.read1(limit + 1):
            raw += piece
            if len(raw) > limit or time.monotonic() > end:
                answer.close()
                raise UnavailableError(f"the witness {self.name} answers with more than it may")
        answer.release_conn()
        return bytes(raw)
