"""REST of a code host: pages, rate limits, and a token that is shown nowhere.

GitHub and GitLab page by `Link` headers, answer 429 (GitHub also 403) to too many requests, and
say in `Retry-After`, or as an epoch in a header of their own, when to come again.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from pipeledger.discreet import hide
from pipeledger.errors import AwayError, UnseenError, UsageError
from pipeledger.verifier.shown import plain
from pipeledger.web import Answer, Web, in_clear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MAX_PAGES = 5000
PATIENCE_S = 120.0
"""How long all waiting for rate limits may take."""
WITHOUT_WORD_S = 60.0
"""How long GitHub asks to wait where its answer does not say."""
TRIES = 4
OK, FORBIDDEN, MISSING, TOO_MANY, SERVER = 200, 403, 404, 429, 500
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_NEXT = re.compile(r";\s*rel=\"?next\"?\s*(?:[;,]|$)")


class HostRefusal(UnseenError):  # noqa: N818 - it is one of the errors by its root
    """The code host refuses an answer.

    Attributes:
        status: HTTP status.
    """

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.status = status


class HostApi:
    """Requests to one code host."""

    def __init__(
        self,
        url: str,
        token: str,
        timeout_s: float,
        headers: Mapping[str, str],
        *,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare requests; nothing is sent.

        Args:
            url: of the API, without slash at the end.
            token: the caller's own, or nothing.
            timeout_s: longest wait for one answer, in seconds.
            headers: sent with every request.
            pause: waits some seconds.
            clock: seconds of the epoch.

        Raises:
            UsageError: the token would travel in clear.
        """
        if token and in_clear(url):
            raise UsageError(f"{url}: a token is not sent without https")
        own = {"Authorization": f"Bearer {token}"} if token else {}
        self._web = Web(url, timeout_s, {**headers, **own})
        self._token = token
        self._pause = pause
        self._clock = clock
        self._waited = 0.0

    def one(self, path: str) -> dict[str, Any] | None:
        """The object at a path; None where there is none.

        Raises:
            UnseenError: it cannot be asked for.
        """
        try:
            found = self._get(path, {}).json()
        except HostRefusal as refusal:
            if refusal.status == MISSING:
                return None
            raise
        if not isinstance(found, dict):
            raise UnseenError(f"{self._web.url}/{path}: what answered is not the API")
        return found

    def rows(self, path: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """The objects of all pages of a list.

        Raises:
            UnseenError: a page cannot be asked for, or the pages do not end.
        """
        wanted: Mapping[str, str] | None = {**query, "per_page": "100"}
        for _ in range(MAX_PAGES):
            if wanted is None:
                return
            answer = self._get(path, wanted)
            found = answer.json()
            if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
                raise UnseenError(f"{self._web.url}/{path}: what answered is not the API")
            yield from found
            wanted = _following(answer, wanted)
        raise UnseenError(f"{self._web.url}/{path}: more than {MAX_PAGES} pages")

    def _get(self, path: str, query: Mapping[str, str]) -> Answer:
        problem = ""
        for tried in range(TRIES):
            try:
                answer = self._web.request("GET", path, query=query)
            except AwayError as error:
                problem = str(error)
                self._pause(0.2 * 2**tried)
                continue
            if answer.status == OK:
                return answer
            problem = f"{self._web.url}/{path}: {self._said(answer)}"
            if (wait := self._limited(answer)) is not None:
                self._wait(wait)
            elif answer.status >= SERVER:
                self._pause(0.2 * 2**tried)
            else:
                raise HostRefusal(problem, answer.status)
        raise UnseenError(problem)

    def _limited(self, answer: Answer) -> float | None:
        """How long to wait, in seconds, where the answer is about too many requests."""
        said = answer.headers
        spent = "0" in (said.get("x-ratelimit-remaining"), said.get("ratelimit-remaining"))
        slow = answer.status == FORBIDDEN and (spent or "retry-after" in said)
        if answer.status != TOO_MANY and not slow:
            return None
        if "retry-after" in said:
            return answer.retry_after_s
        reset = said.get("x-ratelimit-reset") or said.get("ratelimit-reset") or ""
        if spent and reset.isascii() and reset.isdigit():
            return max(0.0, float(reset) - self._clock()) + 1
        return WITHOUT_WORD_S

    def _wait(self, seconds: float) -> None:
        if self._waited + seconds > PATIENCE_S:
            raise UnseenError(f"{self._web.url}: too many requests; try again in {seconds:.0f} s")
        self._waited += seconds
        self._pause(seconds)

    def _said(self, answer: Answer) -> str:
        found = answer.json()
        message = found.get("message") if isinstance(found, dict) else None
        clean = plain(message)[:200] if isinstance(message, str) else ""
        return hide(self._token, f"status {answer.status}{f' ({clean})' if clean else ''}")


def _following(answer: Answer, query: Mapping[str, str]) -> Mapping[str, str] | None:
    """The query of the next page, None at the end.

    Only the query is taken of the address in the header: the token goes where it went before.
    """
    for address, told in _LINK.findall(answer.headers.get("link", "")):
        if _NEXT.search(told):
            return dict(parse_qsl(urlsplit(address).query))
    if (page := answer.headers.get("x-next-page", "")).isdigit():
        return {**query, "page": page}
    return None
