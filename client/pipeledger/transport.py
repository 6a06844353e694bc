"""HTTP to one ledger, careful with the token.

The token goes to the address it was given for and nowhere else: a ledger at another address than
PIPELEDGER_URL gets none, and one that is reached over a network without https neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from pipeledger.bodies import split
from pipeledger.errors import AwayError, ClientError, UsageError
from pipeledger.web import CHUNK, LONG, Answer, Web, in_clear

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeledger.settings import Settings

MAX_LINE = 64 * 1024 * 1024
_PORTS = {"http": 80, "https": 443}


class Transport(Web):
    """Requests to one ledger."""

    def __init__(self, url: str, ledger: str, settings: Settings) -> None:
        """Prepare requests; nothing is sent.

        Args:
            url: where the ledger is.
            ledger: its name there.
            settings: token and limits.

        Raises:
            UsageError: the token would travel in clear, and nobody said that it may.
        """
        own = bool(settings.url) and _place(url) == _place(settings.url)
        token = settings.token if own else ""
        if token and in_clear(url) and not settings.plain_http:
            raise UsageError(
                f"{url}: PIPELEDGER_TOKEN is not sent without https; "
                "PIPELEDGER_PLAIN_HTTP=1 sends it all the same"
            )
        super().__init__(
            f"{url}/v1/{quote(ledger, safe='')}",
            settings.timeout_s,
            {"Authorization": f"Bearer {token}"} if token else {},
        )
        self.withheld = bool(settings.token) and not own
        self._server = url

    @property
    def place(self) -> str:
        """The server's address."""
        return self._server

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
            if response.status != 200:  # noqa: PLR2004 - OK
                said = b""
                for piece in self._pieces(response, self._timeout_s):
                    said = (said + piece)[:CHUNK]
                raise refusal(Answer(response.status, said))
            # Each piece may take its time, but all together no more than this.
            for line in split(self._pieces(response, LONG * self._timeout_s), b"\n", MAX_LINE):
                if len(line) > MAX_LINE:
                    raise AwayError("the answer has a line longer than any entry")
                if not line.endswith(b"\n"):
                    raise AwayError("the answer is cut off")
                yield line
        finally:
            response.close()


def refusal(answer: Answer) -> ClientError:
    """The error that an answer which is no success stands for."""
    if answer.status >= 500 or answer.status == 429:  # noqa: PLR2004 - server's errors, rate
        return AwayError(f"the ledger says: {answer.problem()}", certain=True)
    return ClientError(f"the ledger refuses: {answer.problem()}")


def _place(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    return parts.scheme, parts.hostname or "", port or _PORTS.get(parts.scheme, 0)
