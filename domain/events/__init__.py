"""The vocabulary: every type of event, its data, its streams and tags."""

from domain.events import build, change, delivery, governance, ledger, operation, proposal
from domain.events.registry import TYPES, Door, EventType

__all__ = [
    "TYPES",
    "Door",
    "EventType",
    "build",
    "change",
    "delivery",
    "governance",
    "ledger",
    "operation",
    "proposal",
]
