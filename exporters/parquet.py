"""A ledger as a folder of Parquet files, with all that proves it and makes its tables again.

| in the folder | what it is |
|---|---|
| `events/*.parquet` | every entry with bytes, salt and leaf hash: sealed segments, then the tail |
| `documents/*.parquet` | findings documents of these entries with their salts, line by line |
| `tables/*.parquet` | the tables of the contract; those of windows, over all time or as chosen |
| `contract/*.toml` | what each column means |
| `definitions/` | the SQL files and steps that make the tables from the events |
| `checkpoint` | the signed note of this state |
| `key.vkey` | the ledger's own keys; they prove nothing where they came with what they prove |
| `manifest.json` | position, root, parameters, and the digest of every other file |

The folder appears under its name when all of it is written, or not at all.
"""

from __future__ import annotations

import shutil
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import pyarrow.parquet as pq

from exporters.folder import making
from projections import contract, segment
from projections.asked_controls import every_control
from projections.catalogue import built_in
from projections.definitions import definitions, digest_of
from projections.parameters import Parameters
from projections.shelf import write_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from exporters.folder import Folder
    from projections.engine import View
    from projections.live import Snapshot
    from projections.local import LocalHistory

FORMAT: Final = "pipeledger/parquet/v1"
MANIFEST: Final = "manifest.json"
_TAIL: Final = "tail.parquet"
_ABOUT: Final = """\
A ledger as Parquet files: `events/` holds every entry with its bytes, salt and leaf hash,
`documents/` the findings beside them, `tables/` what the SQL in `definitions/` makes of these,
`contract/` what each column means.

With keys that reached you another way than in this folder, and pip install 'pipeledger[recompute]':

    pipeledger verify . --recompute --key VKEY --key VKEY
    pipeledger verify answer.json --recompute --from . --key VKEY --key VKEY
"""


def export_parquet(
    history: LocalHistory,
    vkeys: Sequence[str],
    target: Path,
    progress: Callable[[int, int], None] = lambda _, __: None,
    chosen: Mapping[str, Any] | None = None,
) -> Snapshot:
    """Write the newest state of a ledger as a folder; gives that state.

    Args:
        history: of the ledger.
        vkeys: the log's verifier keys.
        target: the folder to make.
        progress: is told how many files are written, and of how many.
        chosen: parameters of the tables that differ from their defaults: a window, groups, what
            is asked of controls; all of the catalogue that comes along are, unless it says.

    Raises:
        RefusedError: a parameter is wrong.
        SettingError: something of that name is there.
        DamageError: the ledger does not verify; names the position.
        UnavailableError: the database or the disk.
    """
    snapshot = history.snapshot()
    parameters = Parameters(
        known_at=snapshot.size, **({"controls": every_control(built_in())} | dict(chosen or {}))
    )
    with making(target) as folder:
        manifest = write_ledger(folder, history, snapshot, parameters, vkeys, progress)
        folder.add("README.md", _ABOUT.encode())
        folder.finish(MANIFEST, manifest)
    return snapshot


def write_ledger(
    folder: Folder,
    history: LocalHistory,
    snapshot: Snapshot,
    parameters: Parameters,
    vkeys: Sequence[str],
    progress: Callable[[int, int], None],
    also: Callable[[View], None] = lambda _: None,
) -> dict[str, Any]:
    """Write one state of a ledger into a folder; gives its manifest, but for the files.

    Args:
        folder: where to.
        history: of the ledger.
        snapshot: the state.
        parameters: of the tables.
        vkeys: the log's verifier keys.
        progress: is told how many files are written, and of how many.
        also: writes what else is made of the same tables, while they are there.

    Raises:
        UnavailableError: the database or the disk.
    """
    tables = [name for name in contract.names() if name in definitions()]
    total = len(snapshot.segments) + 1 + len(tables)
    for done, path in enumerate(snapshot.segments, 1):
        # A copy and no link: whoever writes into the folder must not reach the segment.
        shutil.copyfile(path, folder.place(f"events/{path.name}"))
        folder.took(f"events/{path.name}")
        progress(done, total)
    segment.write_events(folder.place(f"events/{_TAIL}"), snapshot.tail)
    folder.took(f"events/{_TAIL}")
    kept = snapshot.documents()
    for path in kept.files:
        shutil.copyfile(path, folder.place(f"documents/{path.name}"))
        folder.took(f"documents/{path.name}")
    write_documents(folder.place(f"documents/{_TAIL}"), [kept.tail])
    folder.took(f"documents/{_TAIL}")
    told: dict[str, Any] = {}
    with history.view(parameters, snapshot) as view:
        for done, name in enumerate(tables, total - len(tables) + 1):
            file = f"tables/{name}.parquet"
            view.write(name, folder.place(file))
            folder.took(file)
            told[name] = {
                "file": file,
                "rows": pq.read_metadata(folder.path / file).num_rows,
                "version": contract.table(name).version,
                "digest": digest_of([name]),
            }
            progress(done, total)
        also(view)
    for name in contract.names():
        said = resources.files("schema") / "tables" / f"{name}.toml"
        folder.add(f"contract/{name}.toml", said.read_bytes())
    made = _write_definitions(folder)
    folder.add("checkpoint", snapshot.checkpoint)
    folder.add("key.vkey", "".join(f"{key}\n" for key in vkeys).encode())
    return {
        "format": FORMAT,
        "origin": snapshot.origin,
        "position": snapshot.size,
        "root": snapshot.root.hex(),
        "parameters": parameters.told(),
        "tables": told,
        "definitions": made,
    }


def _write_definitions(folder: Folder) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, one in definitions().items():
        ending = "py" if one.layer == "steps" else "sql"
        file = f"definitions/{one.layer}/{name}.{ending}"
        folder.add(file, one.text.encode())
        made[name] = {"file": file, "digest": one.digest}
    return made
