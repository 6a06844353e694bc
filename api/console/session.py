"""Sessions of people: a signed cookie that names a credential and never holds its token.

The credential is looked up at every request, so a revoked or expired token ends its sessions.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from api.served import Served
    from domain.log.key import Entropy
    from store.credentials import Credential

COOKIE: Final = "pipeledger_session"
LENGTH: Final = timedelta(hours=8)
_FORM: Final = re.compile(
    r"(?P<ledger>[a-z][a-z0-9-]{0,39})\.(?P<credential>crd_[0-9a-f]{32})\."
    r"(?P<id>[0-9a-f]{32})\.(?P<ends>[0-9]{1,12})\.(?P<mac>[A-Za-z0-9_-]{43})"
)
_ID_BYTES: Final = 16
_REMEMBERED: Final = 100_000


@dataclass(frozen=True, slots=True)
class Session:
    """Who looks at which ledger.

    Attributes:
        ledger: its name.
        credential: id of the credential that the person came in with.
        id: 32 hexadecimal digits.
        ends: seconds since 1970.
    """

    ledger: str
    credential: str
    id: str
    ends: int

    @property
    def said(self) -> str:
        """What is signed."""
        return f"{self.ledger}.{self.credential}.{self.id}.{self.ends}"


class Sessions:
    """Begins, finds and ends sessions; used by one event loop only.

    That a session was ended is known to the process that ended it; in others, and after a
    restart, the cookie that the browser has thrown away would do until it ends by itself.
    """

    def __init__(
        self, served: Mapping[str, Served], entropy: Entropy, clock: Callable[[], datetime]
    ) -> None:
        self._served = served
        self._entropy = entropy
        self._clock = clock
        self._ended: dict[str, int] = {}

    def begin(self, ledger: str, credential: Credential) -> str:
        """A cookie's value for a credential that was just shown."""
        ends = int((self._clock() + LENGTH).timestamp())
        session = Session(ledger, credential.id, self._entropy(_ID_BYTES).hex(), ends)
        return f"{session.said}.{self._mac(session)}"

    def find(self, cookie: str) -> Session | None:
        """The session of a cookie's value, if it was signed here and has not ended."""
        match = _FORM.fullmatch(cookie)
        if match is None or match["ledger"] not in self._served:
            return None
        session = Session(match["ledger"], match["credential"], match["id"], int(match["ends"]))
        if not hmac.compare_digest(match["mac"], self._mac(session)):
            return None
        over = session.ends <= self._clock().timestamp() or session.id in self._ended
        return None if over else session

    def end(self, session: Session) -> None:
        """Let it be of no use any more."""
        if len(self._ended) >= _REMEMBERED:
            now = self._clock().timestamp()
            self._ended = {name: ends for name, ends in self._ended.items() if ends > now}
        self._ended[session.id] = session.ends

    def _mac(self, session: Session) -> str:
        key = self._served[session.ledger].session_key
        digest = hmac.new(key, session.said.encode("ascii"), sha256).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
