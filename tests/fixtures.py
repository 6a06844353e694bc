"""Real files of real tools, which lie beside the project and never in it.

PIPELEDGER_FIXTURES names their folder. Where it is missing, the tests that read them are skipped,
and only those.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

FOLDER = Path(
    os.environ.get(
        "PIPELEDGER_FIXTURES", Path(__file__).resolve().parents[2] / "shared" / "fixtures"
    )
)
needs_fixtures = pytest.mark.skipif(not FOLDER.is_dir(), reason="no folder of real tools' files")


def facts(table: str) -> dict[str, str]:
    """What was read off each file apart from this project: path below the folder to facts."""
    path = FOLDER / table
    if not path.is_file():
        return {}
    with path.open(newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row[0]: row[-1] for row in rows if row and "/" in row[0]}
