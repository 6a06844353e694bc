"""A ledger that moves, from one server to another."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.store.archive.sites import (
    export,
    fill,
    site,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.host import Host
    from tests.conftest import Server


@pytest.fixture(scope="module")
def old(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """The server that the ledger comes from; tests only read there."""
    with site(postgres, tmp_path_factory.mktemp("old")) as host:
        fill(host)
        yield host


@pytest.fixture(scope="module")
def exported(old: Host, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its export; the keys lie beside it."""
    return export(old, tmp_path_factory.mktemp("export") / "ledger")


@pytest.fixture
def copy(exported: Path, tmp_path: Path) -> Path:
    """A copy of the export that may be spoilt."""
    shutil.copy(exported.with_suffix(".keys"), tmp_path / "ledger.keys")
    return shutil.copytree(exported, tmp_path / "ledger")


@pytest.fixture
def new(postgres: Server, tmp_path: Path) -> Iterator[Host]:
    """A server without a ledger."""
    with site(postgres, tmp_path) as host:
        yield host
