"""HTTP to one address: bounded in time and size, redirects never followed.

What is sent along, a token say, belongs to that address and goes nowhere else.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from pipeledger import __version__
from pipeledger.errors import AwayError
from pipeledger.verifier.shown import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import urllib3

    from pipeledger.bodies import Body

CONNECT_S = 5.0
MAX_ANSWER = 64 * 1024 * 1024
CHUNK = 65_536
LONG = 10
"""How many times the wait for one answer may be spent on sending or reading something long."""
READ_A_SECOND = 4_000_000
"""Bytes of a body that a busy ledger reads in a second, at least."""
_REDIRECTS = range(300, 400)
_HERE = ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::")  # noqa: S104 - where a server may say it is


@dataclass(frozen=True)
class Answer:
    """What was answered.

    Attributes:
        status: HTTP status.
        body: its bytes, at most MAX_ANSWER.
        retry_after_s: how long to wait before the next try, in seconds; 0 where not said.
        headers: names in lower case.
    """

    status: int
    body: bytes
    retry_after_s: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def object(self) -> dict[str, Any]:
        """The JSON object in it.

        Raises:
            AwayError: there is none: whatever answered is no ledger.
        """
        value = self.json()
        if not isinstance(value, dict):
            raise AwayError("what answered is no ledger: its answer is not a JSON object")
        return value

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """What it holds as JSON, None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def is_object(self) -> bool:
        """Whether there is a JSON object in it."""
        return isinstance(self.json(), dict)

    def problem(self) -> str:
        """What it says is wrong, on one line."""
        said = self.json()
        return problem_text(said if isinstance(said, dict) else {}, self.status)


class Web:
    """Requests to one address."""

    def __init__(self, url: str, timeout_s: float, headers: Mapping[str, str]) -> None:
        """Prepare requests; nothing is sent.

        Args:
            url: what every path begins with, without slash at the end.
            timeout_s: longest wait for one answer, in seconds.
            headers: sent with every request.
        """
        self.url = url
        self._timeout_s = timeout_s
        self._headers = {"User-Agent": f"pipeledger/{__version__}", **headers}
        self._pool: urllib3.PoolManager | None = None

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: bytes | Body | None = None,
        headers: Mapping[str, str] | None = None,
        limit: int = MAX_ANSWER,
    ) -> Answer:
        """Send a request and read the whole answer.

        Raises:
            AwayError: no whole answer came in time, or a redirect.
            UnreadableError: the body cannot be read.
        """
        response = self._open(method, path, query, body, headers)
        try:
            pieces: list[bytes] = []
            size = 0
            for piece in self._pieces(response, self._timeout_s):
                size += len(piece)
                if size > limit:
                    raise AwayError(f"the answer is longer than {limit} bytes")
                pieces.append(piece)
        finally:
            response.release_conn()
        said = {name.lower(): value for name, value in response.headers.items()}
        retry = said.get("retry-after", "")
        seconds = float(retry) if retry.isascii() and retry.isdigit() else 0.0
        return Answer(response.status, b"".join(pieces), seconds, said)

    def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | Sequence[str]] | None,
        body: bytes | Body | None,
        headers: Mapping[str, str] | None,
    ) -> urllib3.BaseHTTPResponse:
        import urllib3  # noqa: PLC0415 - slow to import

        url = f"{self.url}/{path}"
        if query:
            url += "?" + urlencode(query, doseq=True)
        said = {**self._headers, **(headers or {})}
        length = len(body) if isinstance(body, bytes) else getattr(body, "length", None)
        if length is not None:
            said["Content-Length"] = str(length)
        # What is long is read before it is answered for.
        answer_s = self._timeout_s + (length or 0) / READ_A_SECOND
        try:
            response = self._manager().request(
                method,
                url,
                body=None if body is None else self._paced(body),
                headers=said,
                timeout=urllib3.Timeout(connect=min(CONNECT_S, self._timeout_s), read=answer_s),
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise AwayError(f"{self.place}: {reason_of(error)}") from error
        if response.status in _REDIRECTS:
            response.close()
            raise AwayError(f"{self.place} redirects, which is not followed: set the final address")
        return response

    @property
    def place(self) -> str:
        """The address as errors name it."""
        return self.url

    def _pieces(self, response: urllib3.BaseHTTPResponse, wait_s: float) -> Iterator[bytes]:
        import urllib3  # noqa: PLC0415 - slow to import

        deadline = time.monotonic() + wait_s
        try:
            while piece := response.read1(CHUNK):
                yield piece
                if time.monotonic() > deadline:
                    raise AwayError(f"{self.place}: the answer takes too long")
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise AwayError(f"{self.place}: {reason_of(error)}") from error

    def _paced(self, body: bytes | Body) -> Iterator[bytes]:
        """The body in pieces: each has a time limit of its own, and there is one for all."""
        deadline = time.monotonic() + LONG * self._timeout_s
        for piece in _chunks(body) if isinstance(body, bytes) else body.pieces():
            if time.monotonic() > deadline:
                raise AwayError(f"{self.place}: sending takes too long")
            yield piece

    def _manager(self) -> urllib3.PoolManager:
        if self._pool is None:
            from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 - slow to import

            from pipeledger.patience import connections  # noqa: PLC0415 - brings urllib3

            parts = urlsplit(self.url)
            proxy = getproxies().get(parts.scheme)
            bypassed = proxy_bypass(parts.hostname or "")
            self._pool = connections(None if bypassed else proxy)
        return self._pool


def _chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), CHUNK):
        yield body[start : start + CHUNK]


def in_clear(url: str) -> bool:
    """Whether others may read what is sent there: no https, and not this machine itself."""
    parts = urlsplit(url)
    return parts.scheme != "https" and parts.hostname not in _HERE


def problem_text(problem: Mapping[str, Any], status: int) -> str:
    """Problem details (RFC 9457) on one line."""
    words = [
        problem[name]
        for name in ("place", "detail")
        if isinstance(problem.get(name), str) and problem[name]
    ]
    if not words:
        words = [f"status {status}"]
    return plain(": ".join(words))[:400]


def reason_of(error: BaseException) -> str:
    """Why a connection failed, in words without addresses of objects."""
    cause: BaseException = error
    # What hangs up when the time is over is told by the system as the other side's doing.
    late = isinstance(error, TimeoutError)
    while (deeper := cause.__cause__ or cause.__context__ or getattr(cause, "reason", None)) and (
        isinstance(deeper, BaseException)
    ):
        cause = deeper
        late = late or isinstance(cause, TimeoutError)
    if late or "timed out" in str(cause):
        return "no answer in time"
    if getattr(cause, "reason", None) == "WRONG_VERSION_NUMBER":
        return "what answers there speaks no TLS: http in the place of https?"
    said = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return " ".join(str(said).split())[:200].lower()
