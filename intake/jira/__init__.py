"""Jira: issues as tickets, by webhooks and from its REST API, with approvals of changes."""

from __future__ import annotations

from typing import Final

from intake.jira import webhook

FORMATS: Final = webhook.FORMATS
SENDER: Final = webhook.SENDER
