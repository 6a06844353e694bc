"""Dashboards, in Grafana's JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH: Final = 24
_SCHEMA: Final = 39
"""Version of the format; later releases of Grafana bring it up to theirs."""
_CHOSEN: Final = 'ledger=~"$ledger",environment=~"$environment",service=~"$service"'


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        title: above it.
        about: behind the mark beside the title.
        expression: in PromQL.
        unit: as Grafana names units.
        kind: `stat`, `timeseries` or `bargauge`.
        width: of 24 columns.
        legend: of each series.
    """

    title: str
    about: str
    expression: str
    unit: str
    kind: str = "timeseries"
    width: int = 12
    legend: str = "{{service}} in {{environment}}"


def of(name: str, labels: str = _CHOSEN) -> str:
    """The expression of a metric with what was chosen above the panels."""
    return f"{name}{{{labels}}}"


DELIVERY: Final = (
    Panel("Deployments a day", "Counted deployments that succeeded, of 30 days.",
          of("pipeledger_dora_deployments_per_day"), "none"),
    Panel("Change lead time, median", "From a commit to its first deployment, of 30 days.",
          of("pipeledger_dora_lead_time_median_seconds"), "s"),
    Panel("Change fail rate", "Deployments that degraded their service, of 30 days.",
          of("pipeledger_dora_change_fail_ratio"), "percentunit"),
    Panel("Failed deployment recovery time, median", "Until the service was restored, of 30 days.",
          of("pipeledger_dora_recovery_median_seconds"), "s"),
    Panel("Deployment rework rate", "Deployments that nobody had planned, of 30 days.",
          of("pipeledger_dora_rework_ratio"), "percentunit"),
    Panel("Mean time to restore", "Of incidents of any cause that ended, of 30 days.",
          of("pipeledger_mttr_seconds"), "s"),
    Panel("Open incidents", "Now.", of("pipeledger_incidents_open"), "none", "bargauge"),
    Panel("Behind the numbers", "Few of them make a rate or a median that says little.",
          of("pipeledger_dora_counted_deployments"), "none", "bargauge"),
)  # fmt: skip
_LEDGER: Final = 'ledger=~"$ledger"'
LEDGER: Final = (
    Panel("History verifies", "1: the chain verified when the numbers were made.",
          of("pipeledger_history_sound", _LEDGER), "none", "stat", 8, "{{ledger}}"),
    Panel("Since the newest entry", "Of a ledger that is written to, this stays small.",
          f"time() - {of('pipeledger_last_recorded_timestamp_seconds', _LEDGER)}", "s", "stat", 8,
          "{{ledger}}"),
    Panel("Committed and not yet published", "More than nothing for long: the guard is away.",
          of("pipeledger_guard_lag_entries", _LEDGER), "none", "stat", 8, "{{ledger}}"),
    Panel("Not seen by enough witnesses", "Entries that only the ledger itself vouches for yet.",
          f"{of('pipeledger_entries_total', _LEDGER)} - on(ledger)"
          f" {of('pipeledger_witnessed_entries', _LEDGER)}", "none", legend="{{ledger}}"),
    Panel("Since a witness cosigned", "By the witness's own clock.",
          f"time() - {of('pipeledger_witness_last_timestamp_seconds', _LEDGER)}", "s",
          legend="{{witness}} of {{ledger}}"),
    Panel("Entries a second", "Of five minutes.",
          f"rate({of('pipeledger_entries_total', _LEDGER)}[5m])", "none", width=_WIDTH - 8,
          legend="{{ledger}}"),
    Panel("Environments without numbers", "Production environments beyond the first 20 by name.",
          of("pipeledger_environments_left_out", _LEDGER), "none", "stat", 8, "{{ledger}}"),
)  # fmt: skip


def dashboard(
    uid: str, title: str, panels: Sequence[Panel], labels: Sequence[str]
) -> dict[str, Any]:
    """A dashboard.

    Args:
        uid: by which it is known.
        title: of it.
        panels: from left to right and down.
        labels: that one can choose by.
    """
    placed, column, row = [], 0, 0
    for number, one in enumerate(panels, 1):
        if column + one.width > _WIDTH:
            column, row = 0, row + _HEIGHT
        placed.append(_panel(number, one, column, row))
        column += one.width
    return {
        "uid": uid,
        "title": title,
        "tags": ["pipeledger"],
        "timezone": "browser",
        "schemaVersion": _SCHEMA,
        "version": 1,
        "editable": False,
        "refresh": "1m",
        "time": {"from": "now-30d", "to": "now"},
        "templating": {"list": [_DATASOURCE, *[_variable(label) for label in labels]]},
        "panels": placed,
    }


_HEIGHT: Final = 8
_DATASOURCE: Final = {
    "name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus",
}  # fmt: skip


def _variable(label: str) -> dict[str, Any]:
    metric = (
        "pipeledger_entries_total" if label == "ledger" else "pipeledger_dora_counted_deployments"
    )
    return {
        "name": label,
        "label": label.capitalize(),
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": f"label_values({metric}, {label})", "refId": "A"},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _panel(number: int, one: Panel, column: int, row: int) -> dict[str, Any]:
    return {
        "id": number,
        "title": one.title,
        "description": one.about,
        "type": one.kind,
        "datasource": SOURCE,
        "gridPos": {"x": column, "y": row, "w": one.width, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": one.unit, "min": 0}, "overrides": []},
        "targets": [{
            "refId": "A",
            "datasource": SOURCE,
            "expr": one.expression,
            "legendFormat": one.legend,
            "instant": one.kind != "timeseries",
            "range": one.kind == "timeseries",
        }],
    }  # fmt: skip
