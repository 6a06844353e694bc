"""Refusals that only a server with doors knows; `api.problems` gives each its status."""

from __future__ import annotations

from domain.errors import PipeledgerError


class UnauthorisedError(PipeledgerError):
    """No valid credential; the message never says what was wrong with it."""


class TooManyError(PipeledgerError):
    """More requests than this credential may send."""
