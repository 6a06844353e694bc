"""Events as log records: every one, whatever it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.trace import NonRecordingSpan, set_span_in_context

from exporters.otlp.attributes import conventional, identity_of
from exporters.otlp.spans import nanoseconds, place_of

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    from exporters.told import Plain, Told

_ERRORS: Final = frozenset({"failure", "error"})
_WARNINGS: Final = frozenset({
    "incident.opened", "incident.reopened", "alert.fired", "threat.detected", "login.failed",
    "event.conflicted", "source.gap", "deficiency.opened", "breach.notified", "emergency.declared",
})  # fmt: skip


def record_of(told: Told, resource: Resource, scope: InstrumentationScope) -> ReadableLogRecord:
    """The record of an event.

    Its data stands under `pipeledger.data.`, as far as it is values and lists of texts; free text
    that people wrote is sealed in the ledger and not in the event.
    """
    place = place_of(told)
    within = None if place is None else set_span_in_context(NonRecordingSpan(place))
    data: dict[str, Plain] = {f"pipeledger.data.{name}": value for name, value in told.plain()}
    record = LogRecord(
        timestamp=nanoseconds(told.occurred_at),
        observed_timestamp=nanoseconds(told.recorded_at),
        context=within,
        severity_number=_severity(told),
        severity_text=_severity(told).name,
        body=_line(told),
        attributes=data | conventional(told) | identity_of(told),
        event_name=told.type,
    )
    return ReadableLogRecord(record, resource, scope)


def _severity(told: Told) -> SeverityNumber:
    if told.text("outcome") in _ERRORS:
        return SeverityNumber.ERROR
    return SeverityNumber.WARN if told.what in _WARNINGS else SeverityNumber.INFO


def _line(told: Told) -> str:
    """What a person reads in a list of records."""
    about = [
        told.text("service"), told.text("environment"), told.text("outcome"),
    ]  # fmt: skip
    return " ".join([told.what, *[one for one in about if one is not None]])
