"""What readers of EventBridge's events share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from intake.instant import told_time
from intake.report import fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.aws.structure import Event
    from intake.report import Reading


def made(event: Event, what: str, data: dict[str, Any]) -> Reading:
    """The reading of a fact of an event."""
    common = {
        "tool": named(event.source),
        "account": named(event.account),
        "region": named(event.region),
    }
    return fact(
        what,
        told_time(event.time),
        common | data,
        kind=named(event.detail_type),
        identity=named(event.id),
    )
