"""Grafana: notifications of both generations of its alerting, and annotations."""

from typing import Final

from intake.grafana import annotations, webhook

FORMATS: Final = (webhook.FORMAT, annotations.FORMAT)
SENDER: Final = webhook.SENDER
