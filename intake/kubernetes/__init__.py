"""Kubernetes: events of the API server's audit log, from files and from its webhook backend."""

from __future__ import annotations

from typing import Final

from intake.kubernetes import audit

FORMATS: Final = (audit.FORMAT,)
SENDER: Final = audit.SENDER
