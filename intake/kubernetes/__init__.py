"""Kubernetes: the API server's audit log, admission reviews, what stands after a rollout."""

from __future__ import annotations

from typing import Final

from intake.kubernetes import admission, audit, events, revisions

FORMATS: Final = (audit.FORMAT, admission.FORMAT, revisions.FORMAT, events.FORMAT)
SENDER: Final = audit.SENDER
