"""Requests to a server, whose answers are bounded and whose redirects are not followed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipeledger.errors import AwayError, ConfigurationError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_ANSWER = 64 * 1024 * 1024
CONNECT_S = 5.0
READ_S = 30.0
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""
_OK = range(200, 300)


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP status, 2xx.
        body: at most MAX_ANSWER bytes.
    """

    status: int
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The body read as JSON.

        Raises:
            RefusedError: it is none.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise RefusedError("the server's answer is no JSON; is it a ledger?") from None


def request(
    method: str,
    url: str,
    *,
    token: str | None = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request and read its answer.

    Raises:
        AwayError: nobody answers, or not now.
        RefusedError: the server refused it; the message repeats what it says.
        ConfigurationError: the address is none.
    """
    import urllib3  # noqa: PLC0415 - slow to import, and --help does not need it

    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise ConfigurationError(f"no http or https address: {url}")
    sent = dict(headers or {})
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S))
    try:
        # A redirect would carry the token to another host.
        answer = pool.request(
            method, url, body=body, headers=sent, retries=False, redirect=False,
            preload_content=False,
        )  # fmt: skip
        content = answer.read(MAX_ANSWER + 1, decode_content=True)
        answer.release_conn()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise AwayError(f"the ledger does not answer: {type(error).__name__}") from None
    finally:
        pool.clear()
    if len(content) > MAX_ANSWER:
        raise RefusedError(f"the answer is longer than {MAX_ANSWER} bytes")
    if answer.status in _OK:
        return Answer(answer.status, content)
    said = f"{answer.status} {_reason(content)}".strip()
    if answer.status in _LATER:
        raise AwayError(f"the ledger cannot take it now: {said}")
    raise RefusedError(f"the ledger refused it: {said}")


def _reason(content: bytes) -> str:
    try:
        problem = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(problem, dict):
        return ""
    said = [str(problem[key]) for key in ("place", "detail", "title") if problem.get(key)]
    text = ": ".join(said[:2])
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:300]
