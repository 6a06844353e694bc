"""Whether the tests notice wrong definitions: `python -m tests.tools.mutants.sql [name ...]`.

Files of tests among the names are run instead of all: quicker, and all that it finds noticed is.

The tests of the rules run once, and what each definition was made from is noted and kept, file by
file, for the next run. Each mutant is then made from the same, and only where it gives other rows
than the definition, the tests that asked for those run with it, each in a process of its own, up to
the first that fails: what kills a mutant is a test that fails, nothing else. In that process too a
table that is made of the same as it was is not made again. One that no test notices is a
*survivor*, and an error unless `explained.toml` says why it makes no difference. So is an
explanation that explains nothing.
"""

from __future__ import annotations

import os
import sys
import tempfile
import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, Phase, settings

from projections.definitions import in_order
from tests.tools.mutants.ending import Patience
from tests.tools.mutants.sql.kept import HERE, ROOT
from tests.tools.mutants.sql.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tools.mutants.sql.trial import Key

ASKED: Final = ("dora", "mttr", "comparison", "dora_evidence", "window_gaps")
"""The tables whose definitions are tried, with all that stands behind them."""
TESTS: Final = (
    "test_examples.py", "test_rules_changes.py", "test_rules_deployments.py",
    "test_rules_failures.py", "test_rules_recovery.py", "test_rules_incidents.py",
    "test_rules_kinds.py", "test_rules_lines.py", "test_rules_numbers.py", "test_rules_told.py",
    "test_rules_bands.py", "test_rules_evidence.py", "test_rules_rows.py",
    "test_rules_leads.py", "test_rules_described.py", "test_rules_impaired.py",
    "test_rules_chosen.py", "test_rules_episodes.py", "test_rules_gaps.py", "test_rules_alerts.py",
    "test_rules_reports.py", "test_rules_spans.py", "test_rules_commits.py",
    "test_rules_deployed.py", "test_rules_sources.py", "test_rules_exactly.py",
    "test_facts.py", "test_strange.py", "test_pushes.py",
)  # fmt: skip
PATIENCE: Final = Patience(working_s=30, working=3, waiting_s=60, waiting=20)
_IDLE: Final = "tests/projections/test_strange.py::test_every_table_can_be_asked_over_any_events"
"""It makes all there is of a mass of events, slowly, and looks at none of it."""


def explanations() -> set[Key]:
    """The mutants that are known to make no difference."""
    said = tomllib.loads((HERE / "explained.toml").read_text())
    return {(name, one["was"], one["now"]) for name in said for one in said[name]}


def tried() -> Iterator[str]:
    """The definitions that are tried, each after what it needs."""
    for one in in_order(ASKED):
        if one.layer != "steps":
            yield one.name


def run(trial: Trial, files: list[str]) -> int:
    """Try mutants by the tests in some files; not 0: pytest broke down."""
    with tempfile.TemporaryDirectory() as folder:
        return pytest.main(
            [
                "-s", "--assert=plain", "-p", "no:terminal", "-p", "no:cacheprovider",
                "-o", "timeout=0", "-o", "tmp_path_retention_policy=none",
                "--basetemp", folder, "-m", "not long", "--deselect", _IDLE, *files,
            ],
            [trial],
        )  # fmt: skip


def main(words: list[str]) -> int:
    """Try the mutants of some definitions, or of all; 1: something is not as it should be.

    Args:
        words: names of definitions, and files of tests to be run instead of all.
    """
    os.chdir(ROOT)
    settings.register_profile(
        "mutants", derandomize=True, database=None, deadline=None,
        phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    settings.load_profile("mutants")
    explained = explanations()
    files = [word for word in words if word.endswith(".py")]
    wanted = [word for word in words if word not in files] or list(tried())
    trial = Trial(wanted, explained, int(os.environ.get("JOBS", "2")), PATIENCE)
    whole = [*(f"tests/projections/{name}" for name in TESTS), str(HERE / "fixed_histories.py")]
    status = run(trial, files or whole)
    idle = {key for key in explained - trial.met if key[0] in wanted}
    for name, was, now in sorted(idle):
        print(f"\n{name}: explained, but no survivor\n- {was}\n+ {now}")
    total: Counter[str] = Counter()
    for counts in trial.counts.values():
        total.update(counts)
    print(f"all: {total.total()} mutants, {dict(total)}")
    return int(trial.failed or bool(status) or bool(idle))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
