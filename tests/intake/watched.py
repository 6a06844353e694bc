"""Small files of what watches and what recovers, for formats that no real file is at hand of."""

from __future__ import annotations

from typing import Any, Final

WATCHED: Final[dict[str, Any]] = {
    "grafana-annotations": [
        {"id": 5, "alertId": 9, "alertName": "CPU", "newState": "Alerting", "prevState": "Pending",
         "time": 1_767_261_600_123, "timeEnd": 1_767_261_600_123, "tags": [], "text": "{host=a}"},
    ],
    "prometheus": {
        "status": "success",
        "data": {"alerts": [{"labels": {"alertname": "Down"}, "state": "firing", "annotations": {},
                             "activeAt": "2026-01-01T10:00:00.5Z", "value": "1e+00"}]},
    },
}  # fmt: skip
"""Values of files, by their format."""
