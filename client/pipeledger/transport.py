"""HTTP to one ledger: bounded in time and size, and careful with the token.

The token goes to the address it was given for and nowhere else: redirects are not followed, and a
ledger at another address than PIPELEDGER_URL gets none.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from pipeledger import __version__
from pipeledger.errors import AwayError, ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import urllib3

    from pipeledger.settings import Settings

CONNECT_S = 5.0
MAX_ANSWER = 64 * 1024 * 1024
MAX_LINE = 64 * 1024 * 1024
_CHUNK = 65_536
_LONG = 10
"""How many times the wait for one answer may be spent on sending or reading something long."""
_REDIRECTS = range(300, 400)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Answer:
    """What the ledger answered.

    Attributes:
        status: HTTP status.
        body: its bytes, at most MAX_ANSWER.
        retry_after_s: how long to wait before the next try, in seconds; 0 where not said.
    """

    status: int
    body: bytes
    retry_after_s: float = 0.0

    def object(self) -> dict[str, Any]:
        """The JSON object in it.

        Raises:
            AwayError: there is none: whatever answered is no ledger.
        """
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise AwayError("what answered is no ledger: its answer is not a JSON object")
        return value

    def is_object(self) -> bool:
        """Whether there is a JSON object in it."""
        try:
            self.object()
        except AwayError:
            return False
        return True

    def problem(self) -> str:
        """What it says is wrong, on one line."""
        try:
            said = self.object()
        except AwayError:
            return f"status {self.status}"
        return problem_text(said, self.status)


class Transport:
    """Requests to one ledger."""

    def __init__(self, url: str, ledger: str, settings: Settings) -> None:
        """Prepare requests; nothing is sent.

        Args:
            url: where the ledger is.
            ledger: its name there.
            settings: token and limits.
        """
        self.url = url
        self.ledger = ledger
        self._timeout_s = settings.timeout_s
        own = bool(settings.url) and _place(url) == _place(settings.url)
        self._token = settings.token if own else ""
        self.withheld = bool(settings.token) and not own
        self._pool: urllib3.PoolManager | None = None

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        limit: int = MAX_ANSWER,
    ) -> Answer:
        """Send a request and read the whole answer.

        Raises:
            AwayError: no whole answer came in time, or a redirect.
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
        retry = response.headers.get("Retry-After", "")
        seconds = float(retry) if retry.isascii() and retry.isdigit() else 0.0
        return Answer(response.status, b"".join(pieces), seconds)

    def lines(
        self, path: str, *, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> Iterator[bytes]:
        """The lines of an answer as they come in, each with its line feed.

        Raises:
            AwayError: no answer, a cut line, or one longer than MAX_LINE.
            ClientError: the ledger answers with an error.
        """
        response = self._open("GET", path, query, None, headers)
        try:
            rest = b""
            if response.status != 200:  # noqa: PLR2004 - OK
                for piece in self._pieces(response, self._timeout_s):
                    rest = (rest + piece)[:_CHUNK]
                raise refusal(Answer(response.status, rest))
            # Each piece may take its time, but all together no more than this.
            for piece in self._pieces(response, _LONG * self._timeout_s):
                *whole, rest = (rest + piece).split(b"\n")
                yield from (line + b"\n" for line in whole)
                if len(rest) > MAX_LINE:
                    raise AwayError("the answer has a line longer than any entry")
            if rest:
                raise AwayError("the answer is cut off")
        finally:
            response.close()

    def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: bytes | None,
        headers: Mapping[str, str] | None,
    ) -> urllib3.BaseHTTPResponse:
        import urllib3  # noqa: PLC0415 - slow to import

        url = f"{self.url}/v1/{quote(self.ledger, safe='')}/{path}"
        if query:
            url += "?" + urlencode(query)
        said = {"User-Agent": f"pipeledger/{__version__}", **(headers or {})}
        if self._token:
            said["Authorization"] = f"Bearer {self._token}"
        if body is not None:
            said["Content-Length"] = str(len(body))
        try:
            response = self._manager().request(
                method,
                url,
                body=None if body is None else self._paced(body),
                headers=said,
                timeout=urllib3.Timeout(
                    connect=min(CONNECT_S, self._timeout_s), read=self._timeout_s
                ),
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise AwayError(f"{self.url}: {reason_of(error)}") from error
        if response.status in _REDIRECTS:
            response.close()
            raise AwayError(f"{self.url} redirects, which is not followed: set the final address")
        return response

    def _pieces(self, response: urllib3.BaseHTTPResponse, wait_s: float) -> Iterator[bytes]:
        import urllib3  # noqa: PLC0415 - slow to import

        deadline = time.monotonic() + wait_s
        try:
            while piece := response.read1(_CHUNK):
                yield piece
                if time.monotonic() > deadline:
                    raise AwayError(f"{self.url}: the answer takes too long")
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise AwayError(f"{self.url}: {reason_of(error)}") from error

    def _paced(self, body: bytes) -> Iterator[bytes]:
        """The body in pieces: each has a time limit of its own, and there is one for all."""
        deadline = time.monotonic() + _LONG * self._timeout_s
        for start in range(0, len(body), _CHUNK):
            if time.monotonic() > deadline:
                raise AwayError(f"{self.url}: sending takes too long")
            yield body[start : start + _CHUNK]

    def _manager(self) -> urllib3.PoolManager:
        if self._pool is None:
            from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 - slow to import

            from pipeledger.patience import connections  # noqa: PLC0415 - brings urllib3

            parts = urlsplit(self.url)
            proxy = getproxies().get(parts.scheme)
            bypassed = proxy_bypass(parts.hostname or "")
            self._pool = connections(None if bypassed else proxy)
        return self._pool


def refusal(answer: Answer) -> ClientError:
    """The error that an answer which is no success stands for."""
    if answer.status >= 500 or answer.status == 429:  # noqa: PLR2004 - server's errors, rate
        return AwayError(f"the ledger says: {answer.problem()}", certain=True)
    return ClientError(f"the ledger refuses: {answer.problem()}")


def problem_text(problem: Mapping[str, Any], status: int) -> str:
    """Problem details (RFC 9457) on one line."""
    words = [
        problem[name]
        for name in ("place", "detail")
        if isinstance(problem.get(name), str) and problem[name]
    ]
    if not words:
        words = [f"status {status}"]
    line = ": ".join(" ".join(str(word).split()) for word in words)[:400]
    return "".join(char if char.isprintable() else "?" for char in line)


def reason_of(error: BaseException) -> str:
    """Why a connection failed, in words without addresses of objects."""
    cause: BaseException = error
    while (deeper := cause.__cause__ or cause.__context__ or getattr(cause, "reason", None)) and (
        isinstance(deeper, BaseException)
    ):
        cause = deeper
    if isinstance(cause, TimeoutError) or "timed out" in str(cause):
        return "no answer in time"
    said = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return " ".join(str(said).split())[:200].lower()


def _place(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    return parts.scheme, parts.hostname or "", port or _PORTS.get(parts.scheme, 0)
