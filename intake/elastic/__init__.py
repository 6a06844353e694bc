"""Elastic: alerts as they are stored, webhooks of Kibana's rules, and watches that were met."""

from typing import Final

from intake.elastic import alerts, webhook

FORMATS: Final = (alerts.FORMAT, webhook.FORMAT)
SENDER: Final = webhook.SENDER
