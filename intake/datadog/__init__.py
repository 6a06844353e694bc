"""Datadog: monitors' webhooks, events, incidents, and what its DORA metrics are told."""

from typing import Final

from intake.datadog import dora, events, incidents, webhook

FORMATS: Final = (webhook.FORMAT, events.FORMAT, incidents.FORMAT, dora.FORMAT)
SENDER: Final = webhook.SENDER
