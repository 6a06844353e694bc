"""Gatekeeper: its log, what it exports, and the constraints with what its audit found."""

from typing import Final

from intake.gatekeeper import files

FORMATS: Final = (files.FORMAT,)
