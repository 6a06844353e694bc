"""The evidence pack: all that an auditor needs to judge again what the ledger says of controls.

A pack is a ZIP file with what `exporters.parquet` writes, and beside it:

| in the pack | what it is |
|---|---|
| `compliance/outcomes.csv` | each control asked for, and what it came to |
| `compliance/results.csv` | each test that answers them, its parameters and its counts |
| `compliance/population.csv` | every item of every population, its outcome and why |
| `compliance/exceptions.csv` | of these, what is not satisfied |
| `compliance/catalogue.json` | the controls and tests in effect, whole |
| `report.html` | the same for people, as one page |
| `assessment-results.json` | the same as OSCAL |
| `manifest.json` | besides: what was asked, where it comes from, counts and control totals |
| `manifest.dsse.json` | the ledger's signature of the manifest, and so of every file |

Nothing in it depends on when or by whom it is made: the same question at the same position gives
the same bytes, as long as nothing was redacted in between. Who exported it, and when, is an event
of the ledger.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow.compute as pc
import pyarrow.parquet as pq

from domain.errors import SettingError, UnavailableError
from domain.log.checkpoint import Checkpoint
from exporters.cells import cell_of, csv_of
from exporters.folder import Folder
from exporters.parquet import MANIFEST, write_ledger
from projections.definitions import digest_of
from projections.earlier import earlier
from projections.selection import Selection
from store.files import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from projections.catalogue import Catalogue
    from projections.engine import View
    from projections.live import Snapshot
    from projections.local import LocalHistory
    from projections.parameters import Parameters

FORMAT: Final = "pipeledger/pack/v1"
PAYLOAD_TYPE: Final = "application/vnd.pipeledger.pack.v1+json"
ENVELOPE: Final = "manifest.dsse.json"
TABLES: Final = {
    "outcomes": ("control_outcomes", ("framework", "control")),
    "results": ("control_results", ("test", "variant")),
    "population": ("control_items", ("test", "variant", "item_key")),
}
"""CSV files: the table of each, and the columns that put its rows in order."""
_UNSATISFIED: Final = ("violated", "excepted", "insufficient-evidence")
# The first instant that a ZIP file can state: the real one would differ from pack to pack.
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_PACKED: Final = (".parquet",)
_ABOUT: Final = """\
Evidence of a ledger: `compliance/` says what each control came to and why, item by item; the rest
is the whole ledger up to the position in `manifest.json`, and the SQL that makes the one from the
other.

With keys that reached you another way than in this pack, and pip install 'pipeledger[recompute]':

    pipeledger verify PACK.zip --recompute --key VKEY --key VKEY

checks the signature, every file, every entry of the ledger, and judges every item again.
Unpacked, the tables can be read by whatever reads Parquet or CSV.
"""


@dataclass(frozen=True, slots=True)
class Packing:
    """What goes into packs of one ledger.

    Attributes:
        history: of the ledger.
        catalogue: of controls, in effect.
        vkeys: the log's verifier keys.
        sign: by type and payload, the id of the ledger's key and its signature (DSSE).
        checkpoint: the smallest published checkpoint of at least a size.
        root: root hash over so many entries.
        extras: further files made of the same tables, by name.
    """

    history: LocalHistory
    catalogue: Catalogue
    vkeys: Sequence[str]
    sign: Callable[[str, bytes], tuple[str, bytes]]
    checkpoint: Callable[[int], bytes]
    root: Callable[[int], bytes]
    extras: Mapping[str, Callable[[View], bytes]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Packed:
    """What a pack holds.

    Attributes:
        state: of the ledger.
        items: how many items of populations.
    """

    state: Snapshot
    items: int


def write_pack(
    packing: Packing,
    parameters: Parameters,
    target: Path,
    progress: Callable[[int, int], None] = lambda _, __: None,
) -> Packed:
    """Write a pack; gives what it holds.

    Args:
        packing: of the ledger.
        parameters: what is asked, and up to which position; `controls` says of which controls.
        target: the file to make.
        progress: is told how many files are written, and of how many.

    Raises:
        SettingError: something of that name is there.
        DamageError: the ledger does not verify; names the position.
        UnavailableError: the database or the disk.
    """
    if target.exists():
        raise SettingError(f"{target} is there already")
    note = packing.checkpoint(parameters.known_at)
    # The note covers all that was known, and perhaps the rest of the group it was signed with.
    size = Checkpoint.of(note).size
    found = earlier(packing.history.snapshot(), size, packing.root(size), note)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
            counts = _fill(Folder(Path(folder)), packing, parameters, found, progress)
            _zip(Path(folder), fresh)
        fresh.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise UnavailableError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        fresh.unlink(missing_ok=True)
    return Packed(found, counts["population"])


def _fill(
    folder: Folder,
    packing: Packing,
    parameters: Parameters,
    found: Snapshot,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    counts: dict[str, Any] = {}

    def also(view: View) -> None:
        counts.update(_write_tables(folder, view))
        for name, make in packing.extras.items():
            folder.add(name, make(view))

    manifest = write_ledger(
        folder, packing.history, found, parameters, packing.vkeys, progress, also
    )  # fmt: skip
    catalogue = msgspec.to_builtins(packing.catalogue)
    folder.add("compliance/catalogue.json", _json(catalogue))
    folder.add("README.md", _ABOUT.encode())
    tables = [table for table, _ in TABLES.values()]
    tail = found.tail
    last = tail if tail.num_rows else pq.read_table(found.segments[-1], columns=["recorded_at"])
    manifest["pack"] = {
        "format": FORMAT,
        "source": f"Pipeledger ledger {found.origin}",
        "software": version("pipeledger-server"),
        "as_of": cell_of(pc.max(last["recorded_at"]).as_py()),
        "time_zone": "UTC",
        "catalogue": packing.catalogue.digest,
        "definitions": digest_of(tables),
        "redactions": _redactions(found),
        "counts": counts,
    }
    content = folder.finish(MANIFEST, manifest)
    key, signature = packing.sign(PAYLOAD_TYPE, content)
    envelope = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(content).decode(),
        "signatures": [{"keyid": key, "sig": base64.b64encode(signature).decode()}],
    }
    folder.add(ENVELOPE, _json(envelope))
    return counts


def _write_tables(folder: Folder, view: View) -> dict[str, Any]:
    """The CSV files; gives the number of rows and the control totals."""
    counts: dict[str, Any] = {}
    for name, (table, order) in TABLES.items():
        found = view.select(Selection(table, order=order))
        rows = found.to_pylist()
        folder.add(f"compliance/{name}.csv", csv_of(found.column_names, rows))
        counts[name] = len(rows)
        if name == "population":
            open_ones = [row for row in rows if row["outcome"] in _UNSATISFIED]
            folder.add("compliance/exceptions.csv", csv_of(found.column_names, open_ones))
            counts["exceptions"] = len(open_ones)
            counts["by_outcome"] = dict(sorted(Counter(row["outcome"] for row in rows).items()))
    return counts


def _redactions(found: Snapshot) -> list[int]:
    """Positions of the events whose bytes are gone."""
    pieces = [pq.read_table(path, columns=["position", "salt"]) for path in found.segments]
    pieces.append(found.tail.select(["position", "salt"]))
    gone = [piece.filter(pc.is_null(piece["salt"]))["position"].to_pylist() for piece in pieces]
    return sorted(position for piece in gone for position in piece)


def _zip(folder: Path, target: Path) -> None:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            path = folder / name
            if path.is_dir():
                continue
            about = zipfile.ZipInfo(name, _EPOCH)
            about.external_attr = 0o644 << 16
            packed = name.endswith(_PACKED)
            about.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            about.file_size = path.stat().st_size
            with path.open("rb") as stream, archive.open(about, "w") as out:
                shutil.copyfileobj(stream, out, 1 << 20)
    with target.open("rb") as stream:
        os.fsync(stream.fileno())


def _json(value: Any) -> bytes:  # noqa: ANN401 - JSON
    return json.dumps(value, indent=1, ensure_ascii=False).encode() + b"\n"
