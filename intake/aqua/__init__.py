"""Aqua: results of its scanner, as files and as webhooks, and answers of its API."""

from typing import Final

from intake.aqua import files

FORMATS: Final = (files.FORMAT,)
SENDER: Final = files.SENDER
