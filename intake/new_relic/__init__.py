"""New Relic: webhooks of issues and of the incidents before them, and change tracking."""

from typing import Final

from intake.new_relic import changes, webhook

FORMATS: Final = (webhook.FORMAT, changes.FORMAT)
SENDER: Final = webhook.SENDER
