"""A foreign tool takes our OSCAL: imported and validated by compliance-trestle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exporters.oscal import VERSION, write_oscal
from projections.catalogue import built_in
from tests.exporters.judged import judged, shop
from tests.tools.environments import prepare

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.long

_READ = """\
import sys
from trestle.oscal import OSCAL_VERSION
from trestle.oscal.assessment_results import AssessmentResults

found = AssessmentResults.oscal_read(__import__("pathlib").Path(sys.argv[1]))
print(OSCAL_VERSION, len(found.results), sum(len(one.findings) for one in found.results))
"""


def test_trestle_imports_and_validates_the_results_of_all_frameworks(tmp_path: Path) -> None:
    """Its models are made from the schema of the same version of OSCAL, and read every finding."""
    trestle = prepare("compliance-trestle")
    file = tmp_path / "results.json"
    with judged(shop(), tmp_path / "facts", tuple(built_in().frameworks)) as assessment:
        file.write_bytes(write_oscal(assessment))
    home = tmp_path / "workspace"
    home.mkdir()
    trestle.run("trestle", "init", "--local", at=home)
    trestle.run("trestle", "import", "-f", file, "-o", "ours", at=home)
    said = trestle.run("trestle", "validate", "-t", "assessment-results", "-n", "ours", at=home)
    assert "VALID" in said
    read = trestle.run("python", "-c", _READ, file, at=home).split()
    controls = sum(len(one.controls) for one in built_in().frameworks.values())
    assert read == [VERSION, str(len(built_in().frameworks)), str(controls)]


def test_trestle_refuses_what_is_broken(tmp_path: Path) -> None:
    """So its consent says something."""
    trestle = prepare("compliance-trestle")
    with judged(shop(), tmp_path / "facts", ("SLSA",)) as assessment:
        whole = write_oscal(assessment).decode()
    file = tmp_path / "results.json"
    file.write_text(whole.replace('"state": "not-satisfied"', '"state": "perhaps"'))
    home = tmp_path / "workspace"
    home.mkdir()
    trestle.run("trestle", "init", "--local", at=home)
    trestle.run("trestle", "import", "-f", file, "-o", "ours", at=home, status=1)
