"""PagerDuty: webhooks of version 3, and messages of the versions before it."""
