"""The catalogue of controls, and files that an organisation lays over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.errors import SettingError
from domain.events.controls import CONTROLS
from projections.asked_controls import built_tests
from projections.catalogue import built_in, read_catalogue, table_of
from projections.definitions import definitions

if TYPE_CHECKING:
    from pathlib import Path


def test_every_test_of_a_control_is_one_that_events_are_mapped_to() -> None:
    """And no test is judged that the catalogue does not know."""
    known = {one.id for one in CONTROLS}
    assert set(built_in().tests) == known
    assert built_tests() <= {table_of(name) for name in known}


def test_every_parameter_is_read_by_what_judges_its_test() -> None:
    """Whoever sets one that nothing reads would believe that it counts."""
    known = definitions()
    unread = []
    for name, test in built_in().tests.items():
        wanted, tables = [table_of(name)], set[str]()
        while wanted:
            table = wanted.pop()
            if table in known and table not in tables:
                tables.add(table)
                wanted += known[table].needs
        texts = " ".join(known[table].text for table in tables)
        if tables:
            unread += [f"{name}.{one}" for one in test.parameters if f"'$.{one}'" not in texts]
    assert unread == []


def test_every_control_has_an_id_that_oscal_takes() -> None:
    """A token, and one of its own in its framework."""
    for framework in built_in().frameworks.values():
        ids = [one.oscal_id or one.id for one in framework.controls]
        assert len(set(ids)) == len(ids)
        for one in ids:
            assert one[0].isalpha() or one[0] == "_", one
            assert all(letter.isalnum() or letter in "-._" for letter in one), one


def test_fifteen_frameworks_have_284_controls() -> None:
    """None was lost."""
    counts = {name: len(one.controls) for name, one in built_in().frameworks.items()}
    assert len(counts) == 15
    assert sum(counts.values()) == 284


def lay(folder: Path, name: str, text: str) -> Path:
    """A folder with one file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def test_an_organisation_changes_parameters_and_adds_controls(tmp_path: Path) -> None:
    """What it does not name stays as it is; the digest tells the two apart."""
    lay(tmp_path, "tests.toml", "[CHG-02.parameters]\napproval_max_age_days = 3\n")
    lay(tmp_path, "settings.toml", "max_ingest_delay_minutes = 5\n")
    lay(
        tmp_path, "frameworks/own.toml",
        'framework = "OURS"\ntitle = "Our rules"\nsource = "handbook"\nverification = "own"\n'
        '[[controls]]\nid = "C1"\ntitle = "Approved"\nstrength = "direct"\ntests = ["CHG-02"]\n',
    )  # fmt: skip
    found = read_catalogue(tmp_path)
    assert found.values("CHG-02", {}) == {
        "approval_max_age_days": 3, "allow_policy_auto_approval": False,
        "least_assurance": "observed",
    }  # fmt: skip
    assert found.tests["CHG-02"].title == built_in().tests["CHG-02"].title
    assert found.settings["max_ingest_delay_minutes"].default == 5
    assert [one.id for one in found.frameworks["OURS"].controls] == ["C1"]
    assert found.frameworks["SLSA"] == built_in().frameworks["SLSA"]
    assert found.digest != built_in().digest
    assert read_catalogue(None).digest == built_in().digest


OWN = 'framework = "O"\ntitle = ""\nsource = ""\nverification = ""\n[[controls]]\nid = "C1"\n'
CONTROL = OWN + 'title = ""\nstrength = "direct"\n'
SECOND = '[[controls]]\nid = "C1"\ntitle = ""\nstrength = "direct"\n'
DAYS = "[CHG-02.parameters]\n"
WRONG = {
    "no TOML": ("tests.toml", "[", "tests.toml"),
    "an unknown parameter": ("tests.toml", DAYS + "days = 3\n", "CHG-02.parameters.days"),
    "another type": ("tests.toml", DAYS + 'approval_max_age_days = "3"\n', "approval_max_age_days"),
    "parameters that are no table": (
        "tests.toml", "[CHG-02]\nparameters = 3\n", "CHG-02.parameters",
    ),
    "a word that means nothing": (
        "tests.toml", DAYS + 'least_assurance = "observd"\n', "known are decided, observed",
    ),
    "a word that means nothing in a list": (
        "tests.toml", '[VUL-01.parameters]\nblocking_severities = ["Critical"]\n', "'Critical'",
    ),
    "a word that means nothing before a number": (
        "tests.toml", "[VUL-02.parameters]\nsla_days = { Critical = 30 }\n", "'Critical'",
    ),
    "a number below nothing": (
        "tests.toml", "[VUL-02.parameters]\nsla_days = { critical = -1 }\n", "from 0 to 36500",
    ),
    "more days than there are": (
        "tests.toml", "[VUL-03.parameters]\nmax_exception_days = 36501\n", "from 0 to 36500",
    ),
    "more hours than there are": (
        "tests.toml", "[VUL-01.parameters]\nscan_max_age_hours = 876001\n", "from 0 to 876000",
    ),
    "more minutes than there are": (
        "settings.toml", "max_ingest_delay_minutes = 52560001\n", "from 0 to 52560000",
    ),
    "a share over all": (
        "tests.toml", "[CHG-06.parameters]\nmax_emergency_share = 5.0\n", "from 0 to 1",
    ),
    "an unknown setting": ("settings.toml", "most = 3\n", "most"),
    "a test that is incomplete": ("tests.toml", "[OUR-01]\ntitle = 'x'\n", "OUR-01"),
    "a control of an unknown test": (
        "frameworks/own.toml", CONTROL + 'tests = ["CHG-99"]\n', "no test is called CHG-99",
    ),
    "a control without a test": (
        "frameworks/own.toml", CONTROL + "tests = []\n", "control C1: no test answers it",
    ),
    "a control twice": (
        "frameworks/own.toml",
        CONTROL + 'tests = ["CHG-02"]\n' + SECOND + 'tests = ["CHG-03"]\n', "control C1: it stands",
    ),
    "a test twice in a control": (
        "frameworks/own.toml", CONTROL + 'tests = ["CHG-02", "CHG-02"]\n', "a test stands",
    ),
    "parameters of a test that does not answer it": (
        "frameworks/own.toml",
        CONTROL + 'tests = ["CHG-03"]\n[controls.parameters.CHG-02]\napproval_max_age_days = 3\n',
        "CHG-02 is none of its tests",
    ),
    "a word that is none": ("frameworks/own.toml", 'name = "O"\n', "name"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "place"), WRONG.values(), ids=WRONG)
def test_a_file_that_is_wrong_is_refused_by_its_place(
    name: str, text: str, place: str, tmp_path: Path
) -> None:
    """Nothing of it counts."""
    with pytest.raises(SettingError, match=r".+") as refused:
        read_catalogue(lay(tmp_path, name, text))
    assert name.rpartition("/")[2] in str(refused.value)
    assert place in str(refused.value)
