"""The errors a caller can act on.

PipeledgerError
 ├─ RefusedError            what was sent is wrong; nothing was kept of it      (400)
 │   ├─ TooLargeError       a limit on size, depth or number was passed         (413)
 │   └─ ForbiddenError      well formed, but not through this door              (403)
 ├─ ConflictError           the ledger already holds something that forbids it  (409)
 ├─ NotFoundError           no such position, stream, part or document          (404)
 ├─ UnavailableError        not now: overload, lost database, guard away        (503)
 ├─ DamageError             kept bytes do not verify; names position and cause  (500)
 └─ SettingError            a setting is wrong; the start stops                 (exit 2)

The numbers are the HTTP status that `api` maps each branch to.
"""


class PipeledgerError(Exception):
    """Root of all errors this software raises on purpose."""


class RefusedError(PipeledgerError):
    """Input was refused.

    Attributes:
        place: where it is wrong: `byte 17`, `line 3`, `field data.commit`, `header ce-id`.
        reason: what is wrong there, one sentence without the offending value.
    """

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class TooLargeError(RefusedError):
    """Input passes a limit on size, depth or number."""


class ForbiddenError(RefusedError):
    """Well-formed input that this credential or this door may not send."""


class ConflictError(PipeledgerError):
    """The ledger already holds something that forbids this append."""


class ReusedIdError(ConflictError):
    """An event of this source and id stands in the ledger with other bytes.

    Attributes:
        position: where it stands; None, if it only stands before in the same request.
        nth: which event of the request, from 0.
    """

    def __init__(self, position: int | None, nth: int) -> None:
        super().__init__("an event of this source and id stands in the ledger with other bytes")
        self.position = position
        self.nth = nth


class NotFoundError(PipeledgerError):
    """Nothing is kept under that name or position."""


class UnavailableError(PipeledgerError):
    """The service cannot do this now; the same call may succeed later.

    Attributes:
        public: what a caller over the network is told; addresses and paths stay with the operator.
    """

    def __init__(self, message: str, public: str | None = None) -> None:
        """Make the error.

        Args:
            message: for whoever runs the service.
            public: for everybody else, where that is less.
        """
        super().__init__(message)
        self.public = message if public is None else public


class DamageError(PipeledgerError):
    """Kept bytes do not verify.

    Attributes:
        position: the first position concerned, or None where no position applies.
        cause: what does not verify.
    """

    def __init__(self, position: int | None, cause: str) -> None:
        super().__init__(cause if position is None else f"position {position}: {cause}")
        self.position = position
        self.cause = cause


class SettingError(PipeledgerError):
    """A setting is wrong; the message says which one and what it should be."""
