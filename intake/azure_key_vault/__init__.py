"""Azure Key Vault: its logs in Azure Monitor, and its events in Event Grid."""

from typing import Final

from intake.azure_key_vault import events, logs

FORMATS: Final = (logs.FORMAT, events.FORMAT)
SENDER: Final = events.SENDER
