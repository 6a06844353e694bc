"""Database clusters that are copied, since making one takes longer than most tests.

How one is made, `tests/store/postgres` shows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from store.postgres.account import service_account
from store.postgres.cluster import cluster_major
from store.postgres.place import find_place
from store.postgres.server import EmbeddedPostgres

_made: list[Path] = []


def prepared(data: Path) -> Path:
    """Give a new data folder the cluster that its first start would make; gives the folder."""
    template = _template()
    place = find_place(data, service_account(os.environ))
    if cluster_major(place) is None:
        _made.append(place.folder)
        subprocess.run(["cp", "-a", f"{template}/.", place.folder], check=True)
    return data


def forget() -> None:
    """Remove the clusters: where root runs the tests, they lie outside the tests' own folders."""
    for folder in _made:
        shutil.rmtree(folder, ignore_errors=True)
    _made.clear()


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pl-cluster-", dir="/tmp"))
    folder.chmod(0o711)
    _made.append(folder)
    with EmbeddedPostgres.start(folder / "data") as server:
        return server.folder
