"""The folder that Grafana's provisioning reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from domain.errors import SettingError
from exporters.grafana import alerts
from exporters.grafana.dashboard import DELIVERY, LEDGER, dashboard

if TYPE_CHECKING:
    from pathlib import Path

_PROVIDER: Final = """\
apiVersion: 1
providers:
  - name: pipeledger
    folder: Pipeledger
    type: file
    allowUiUpdates: false
    options:
      path: {folder}
"""


def write_grafana(target: Path) -> list[Path]:
    """Write dashboards and alert rules; what this wrote before is replaced.

    Args:
        target: what becomes `provisioning/` of Grafana, or is laid over it.

    Raises:
        SettingError: the folder cannot be written.
    """
    boards = target / "dashboards" / "pipeledger"
    files = {
        target / "dashboards" / "pipeledger.yaml": _PROVIDER.format(folder=json.dumps(str(boards))),
        boards / "delivery.json": _text(dashboard(
            "pipeledger-delivery", "Delivery performance", DELIVERY,
            ("ledger", "environment", "service"),
        )),
        boards / "ledger.json": _text(dashboard(
            "pipeledger-ledger", "State of the ledgers", LEDGER, ("ledger",)
        )),
        target / "alerting" / "pipeledger.json": _text(alerts.provisioned()),
    }  # fmt: skip
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingError(f"{target} cannot be written: {error.strerror}") from error
    return sorted(files)


def _text(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"
