"""What goes wrong, by what a caller can do about it."""


class ClientError(Exception):
    """Root; the message is one line for people. Exit status 2."""

    status = 2


class UnsoundError(ClientError):
    """What was verified does not hold. Exit status 1."""

    status = 1


class AwayError(ClientError):
    """The ledger does not answer, or not now; the same request may succeed later."""


class RefusedError(ClientError):
    """The ledger refused the request; sending it again will not help."""


class ConfigurationError(ClientError):
    """An option, a variable or a file is missing or wrong."""
