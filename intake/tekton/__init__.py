"""Tekton: runs of pipelines and tasks, as resources and in CloudEvents."""

from __future__ import annotations

from typing import Final

from intake.tekton import events, files

FORMATS: Final = (files.FORMAT, events.FORMAT)
SENDER: Final = events.SENDER
