"""The verdict of a quality gate; a condition that failed does not always fail the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.report import fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.instant import Told
    from intake.report import Reading

TOOL: Final = "SonarQube"
# Until version 7.6 a gate could be passed with a warning. NONE: the project has no gate.
_VERDICTS: Final = {"OK": "success", "WARN": "success", "ERROR": "failure"}
_CONDITIONS: Final = _VERDICTS | {"NO_VALUE": "skipped"}
_MOST: Final = 1000


class Condition(msgspec.Struct, rename="camel", gc=False):
    """A condition, as the webhook or the web API writes it."""

    status: str | None = None
    metric: str | None = None
    metric_key: str | None = None
    operator: str | None = None
    comparator: str | None = None
    error_threshold: str | None = None
    warning_threshold: str | None = None
    value: str | None = None
    actual_value: str | None = None


class Gate(msgspec.Struct, rename="camel", gc=False):
    """A gate's verdict."""

    status: str | None = None
    name: str | None = None
    conditions: list[Condition] | None = None


def gate_reading(
    gate: Gate, told: Told | None, data: Mapping[str, object], source: str | None = None
) -> Reading | None:
    """The reading of a verdict; None where there was none.

    Args:
        gate: as it came.
        told: when it was given, or None.
        data: all else; None is left out.
        source: see `Reading`.
    """
    status = named(gate.status)
    if status is None or status not in _VERDICTS:
        return None
    conditions = [_condition(one) for one in (gate.conditions or ())[:_MOST]]
    found: dict[str, Any] = {
        "tool": TOOL,
        "outcome": _VERDICTS[status],
        "reported_outcome": status,
        "gate": named(gate.name),
        "conditions": [one for one in conditions if "metric" in one] or None,
        **data,
    }
    return fact("quality.evaluated", told, found, source=source)


def _condition(one: Condition) -> dict[str, Any]:
    found = {
        "metric": named(one.metric or one.metric_key),
        "comparator": named(one.operator or one.comparator),
        "threshold": named(one.error_threshold) or named(one.warning_threshold),
        "value": named(one.value or one.actual_value),
        "outcome": _CONDITIONS.get(one.status or ""),
    }
    return {name: value for name, value in found.items() if value is not None}
