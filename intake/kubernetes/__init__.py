"""Kubernetes: events of the API server's audit log, and admission reviews."""

from __future__ import annotations

from typing import Final

from intake.kubernetes import admission, audit

FORMATS: Final = (audit.FORMAT, admission.FORMAT)
SENDER: Final = audit.SENDER
