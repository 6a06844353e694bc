"""Spinnaker: executions of pipelines with their stages and judgements, and echo's events."""

from __future__ import annotations

from typing import Final

from intake.spinnaker import events, files

FORMATS: Final = (events.FORMAT, files.FORMAT)
SENDER: Final = events.SENDER
