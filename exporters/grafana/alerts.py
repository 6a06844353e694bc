"""Alert rules, in the JSON that Grafana's provisioning of alerting reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

_SOURCE: Final = "prometheus"
"""Uid of the data source: rules cannot choose one as dashboards do."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        uid: by which it is known.
        title: of it.
        expression: in PromQL; it fires where this has a value that is not zero.
        lasting: for how long that has to be so, as Prometheus writes durations.
        severity: label of its alerts.
        summary: what somebody reads who is woken by it.
    """

    uid: str
    title: str
    expression: str
    lasting: str
    severity: str
    summary: str


RULES: Final = (
    Rule("pipeledger-unsound", "A ledger does not verify", "pipeledger_history_sound == bool 0",
         "0s", "critical",
         "The ledger {{ $labels.ledger }} does not verify: run pipeledger-server fsck."),
    Rule("pipeledger-away", "No ledger answers", "absent(pipeledger_entries_total)", "5m",
         "critical", "Nothing is told by any ledger: is the server there, may Prometheus read it?"),
    Rule("pipeledger-guard", "Entries are not published", "pipeledger_guard_lag_entries > bool 0",
         "5m", "critical",
         "Entries of {{ $labels.ledger }} are committed and not published: the guard is away."),
    Rule("pipeledger-fork", "A witness has seen another history",
         "pipeledger_witness_forks > bool 0", "0s", "critical",
         "{{ $labels.witness }} has seen another history of {{ $labels.ledger }}: "
         "run pipeledger-server witness list."),
    Rule("pipeledger-witness", "A witness does not answer",
         "pipeledger_witness_failures > bool 10", "10m", "warning",
         "{{ $labels.witness }} cosigns nothing of {{ $labels.ledger }}."),
    Rule("pipeledger-silent", "A ledger takes nothing in",
         "time() - pipeledger_last_recorded_timestamp_seconds > bool 86400", "10m", "warning",
         "The ledger {{ $labels.ledger }} has recorded nothing for a day: do its sources deliver?"),
    Rule("pipeledger-incidents", "Incidents are open", "pipeledger_incidents_open > bool 0", "1h",
         "warning", "{{ $labels.service }} in {{ $labels.environment }} has open incidents."),
    Rule("pipeledger-failing", "Changes fail often",
         "(pipeledger_dora_change_fail_ratio > bool 0.15)"
         " * (pipeledger_dora_counted_deployments >= bool 10)", "1h", "warning",
         "More than 15 % of the deployments of {{ $labels.service }} failed in 30 days."),
)  # fmt: skip


def provisioned() -> dict[str, Any]:
    """All rules, as one file."""
    return {
        "apiVersion": 1,
        "groups": [{
            "orgId": 1,
            "name": "pipeledger",
            "folder": "Pipeledger",
            "interval": "1m",
            "rules": [_rule(one) for one in RULES],
        }],
    }  # fmt: skip


def _rule(one: Rule) -> dict[str, Any]:
    return {
        "uid": one.uid,
        "title": one.title,
        "condition": "B",
        "data": [
            {
                "refId": "A",
                "relativeTimeRange": {"from": 600, "to": 0},
                "datasourceUid": _SOURCE,
                "model": {"refId": "A", "expr": one.expression, "instant": True},
            },
            {
                "refId": "B",
                "datasourceUid": "__expr__",
                "model": {
                    "refId": "B",
                    "type": "threshold",
                    "expression": "A",
                    "conditions": [{"evaluator": {"type": "gt", "params": [0]}}],
                },
            },
        ],
        "for": one.lasting,
        "noDataState": "OK",
        "execErrState": "Error",
        "labels": {"severity": one.severity},
        "annotations": {"summary": one.summary},
    }
