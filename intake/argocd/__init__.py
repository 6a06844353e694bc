"""Argo CD's applications, its notifications, and the rollouts of Argo Rollouts."""

from __future__ import annotations

from typing import Final

from intake.argocd import files

FORMATS: Final = (files.FORMAT, files.NOTIFICATION)
SENDER: Final = files.SENDER
