"""ServiceNow: changes, incidents and requests as tickets, and approvals of them."""

from __future__ import annotations

from typing import Final

from intake.servicenow import record

FORMATS: Final = (record.FORMAT,)
SENDER: Final = record.SENDER
