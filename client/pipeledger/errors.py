"""The errors of the commands; each is one line for people.

ClientError
 ├─ UsageError      a word on the command line or a setting is wrong        (exit 2)
 ├─ UnseenError     what was to be looked at cannot be looked at            (exit 2)
 ├─ AwayError       the ledger cannot take or answer this now
 └─ SpoolError      the spool cannot keep an event: no room, no right
"""

from __future__ import annotations


class ClientError(Exception):
    """Root of all errors that the commands raise on purpose."""


class UsageError(ClientError):
    """A word on the command line or a setting is wrong."""


class UnseenError(ClientError):
    """What was to be looked at or compared cannot be: no verdict either way."""


class AwayError(ClientError):
    """The ledger cannot be reached, or answers that it cannot do this now.

    Attributes:
        certain: something answered that it did not take this; a proxy that lost the ledger's
            answer may say so as well, so that it is sent again all the same.
    """

    def __init__(self, reason: str, *, certain: bool = False) -> None:
        super().__init__(reason)
        self.certain = certain


class SpoolError(ClientError):
    """The spool cannot keep this."""
