"""Jenkins: builds, the notification plugin's webhooks, stages of pipelines and pending inputs."""

from __future__ import annotations

from typing import Final

from intake.jenkins import build, notification, stages

FORMATS: Final = (build.FORMAT, notification.FORMAT, stages.FORMAT)
SENDER: Final = notification.SENDER
