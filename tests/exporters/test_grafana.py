"""What Grafana is provisioned with speaks of metrics that there are."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import promql_parser
import pytest
import yaml

from domain.errors import SettingError
from exporters.figures import KINDS
from exporters.grafana.files import write_grafana

if TYPE_CHECKING:
    from pathlib import Path

_METRIC = re.compile(r"pipeledger_[a-z0-9_]+")
_VARIABLE = re.compile(r"\$(ledger|environment|service)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder as it is written."""
    write_grafana(tmp_path)
    return tmp_path


def boards(folder: Path) -> list[dict[str, Any]]:
    """The dashboards."""
    return [json.loads(path.read_text()) for path in sorted(folder.rglob("dashboards/*/*.json"))]


def expressions(folder: Path) -> list[str]:
    """Of all panels and rules."""
    found = [
        target["expr"]
        for board in boards(folder)
        for panel in board["panels"]
        for target in panel["targets"]
    ]
    rules = json.loads((folder / "alerting" / "pipeledger.json").read_text())["groups"][0]["rules"]
    return found + [rule["data"][0]["model"]["expr"] for rule in rules]


def test_every_expression_is_promql_over_metrics_that_there_are(folder: Path) -> None:
    """A misspelt name would be an empty panel, or an alert that never comes."""
    known = {kind.name for kind in KINDS}
    for text in expressions(folder):
        promql_parser.parse(_VARIABLE.sub("x", text))
        named = set(_METRIC.findall(text))
        assert named
        assert named <= known


def test_every_metric_for_people_is_shown_or_watched(folder: Path) -> None:
    """Those that only say what others were made of may be missing."""
    shown = {name for text in expressions(folder) for name in _METRIC.findall(text)}
    beside = {"deployments", "p90_seconds", "changes", "recoveries", "ended", "witness_entries"}
    missing = {kind.name for kind in KINDS} - shown
    assert {name for name in missing if name.rpartition("_")[2] not in beside
            and not name.endswith(tuple(beside))} == set()  # fmt: skip


def test_panels_fill_rows_and_do_not_lie_on_each_other(folder: Path) -> None:
    """In a grid of 24 columns."""
    for board in boards(folder):
        taken: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            grid = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(grid["x"], grid["x"] + grid["w"])
                for y in range(grid["y"], grid["y"] + grid["h"])
            }
            assert not cells & taken
            assert grid["x"] + grid["w"] <= 24
            taken |= cells
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_the_provider_leads_to_the_dashboards(folder: Path) -> None:
    """And rules have identities, so that they are replaced and not doubled."""
    provider = yaml.safe_load((folder / "dashboards" / "pipeledger.yaml").read_text())
    assert provider["providers"][0]["options"]["path"] == str(folder / "dashboards" / "pipeledger")
    assert len({board["uid"] for board in boards(folder)}) == 2
    group = json.loads((folder / "alerting" / "pipeledger.json").read_text())["groups"][0]
    assert len({rule["uid"] for rule in group["rules"]}) == len(group["rules"])
    assert all(rule["condition"] == rule["data"][-1]["refId"] for rule in group["rules"])


def test_writing_again_replaces_and_a_file_in_the_way_is_told(folder: Path) -> None:
    """Of its own files; others in the folder stay."""
    (folder / "alerting" / "mine.json").write_text("{}")
    (folder / "alerting" / "pipeledger.json").write_text("{}")
    write_grafana(folder)
    assert json.loads((folder / "alerting" / "pipeledger.json").read_text()) != {}
    assert (folder / "alerting" / "mine.json").exists()
    with pytest.raises(SettingError):
        write_grafana(folder / "alerting" / "mine.json")
