"""A ledger as a folder of Parquet files, as `pipeledger-server export parquet` writes it.

    manifest.json     what is in it, with the digest of every file
    checkpoint        signed by the log
    events/*.parquet  position, entry, salt and event of every entry, and columns made of them
    documents/*.parquet  lines and salts of the documents of these entries
    definitions/      SQL and steps
    tables/*.parquet  what the definitions make of them

Only entries, salts and events are read of the events' files; the columns beside them are compared
with what the entries say.
"""

from __future__ import annotations

from hashlib import file_digest, sha256
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeledger.recompute.definitions import Definitions, read_definition
from pipeledger.recompute.documents import DOCUMENTS, documents_in
from pipeledger.recompute.rows import COLUMNS, Batch
from pipeledger.verifier.folder import CHECKPOINT, read_bounded
from pipeledger.verifier.note import MAX_NOTE
from pipeledger.verifier.wire import UncheckedError, UnsoundError, read_object, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeledger.recompute.documents import Kept

FORMAT = "pipeledger/parquet/v1"
MANIFEST = "manifest.json"
ENVELOPE = "manifest.dsse.json"
"""Of an evidence pack: the ledger's signature of the manifest."""
_MAX_MANIFEST = 64 * 1024 * 1024
_MAX_TEXT = 1024 * 1024
_AT_ONCE = 65_536
_NEEDED = ("position", "entry", "salt", "event")


class Pack:
    """A folder that was exported.

    Attributes:
        folder: where it is.
        manifest: what it says of itself.
        stored: all columns of the batch that was given last, as they stand in the file; None
            unless they are wanted.
    """

    def __init__(self, folder: Path, *, whole: bool = False, name: str = "") -> None:
        """Read what it says of itself.

        Args:
            folder: where it is.
            name: what people call it, where that is not the folder.
            whole: read all columns of events, to compare them.

        Raises:
            UncheckedError: no such export, or of another version.
            OSError: it cannot be read.
        """
        if not (folder / MANIFEST).is_file():
            raise UncheckedError(
                f"{name or folder} is no export or pack, or its {MANIFEST} was removed",
                "pipeledger-server export parquet DIR makes one",
            )
        self.folder = folder
        self.stored: pa.Table | None = None
        self._columns = tuple(COLUMNS.names) if whole else _NEEDED
        self.manifest = read_object(read_bounded(folder / MANIFEST, _MAX_MANIFEST), MANIFEST)
        if self.manifest.get("format") != FORMAT:
            raise UncheckedError("the export is of a version that this program does not know")

    @property
    def is_evidence(self) -> bool:
        """Whether it is an evidence pack."""
        return "pack" in self.manifest

    @property
    def note(self) -> bytes:
        """The checkpoint over the entries.

        Raises:
            UncheckedError: it is missing.
        """
        path = self.folder / CHECKPOINT
        if not path.is_file():
            raise UncheckedError(f"file {CHECKPOINT}: missing")
        return read_bounded(path, MAX_NOTE)

    def batches(self, size: int, *, documents: bool) -> Iterator[Batch]:
        """The first entries, so many, in order; with their documents where they are wanted."""
        left = size
        for file in sorted((self.folder / "events").glob("*.parquet")):
            rows = self._events(file)
            kept = self._documents(file.name) if documents else {}
            for at in range(0, min(rows.num_rows, left), _AT_ONCE):
                part = rows.slice(at, min(_AT_ONCE, left - at))
                self.stored = part
                yield Batch(
                    part["entry"].to_pylist(),
                    part["salt"].to_pylist(),
                    part["event"].cast(pa.binary()).to_pylist(),
                    kept,
                )
            left -= min(rows.num_rows, left)
            if not left:
                return

    def _events(self, file: Path) -> pa.Table:
        """Columns of a file of events, in order of position."""
        names = list(self._columns)
        try:
            rows = _read(file, names)
            wanted = pa.schema([COLUMNS.field(name) for name in names])
            return rows.select(names).cast(wanted).sort_by("position")
        except (pa.ArrowException, KeyError) as error:
            raise UnsoundError(None, f"{file.name} has other columns: {_line(error)}") from error

    def _documents(self, name: str) -> Kept:
        """The documents of the events of a file of this name."""
        file = self.folder / "documents" / name
        if not file.is_file():
            return {}
        try:
            rows = pq.read_table(file, page_checksum_verification=True)
            return documents_in(rows.select(DOCUMENTS.names).cast(DOCUMENTS))
        except (pa.ArrowException, KeyError) as error:
            raise UnsoundError(None, f"{file.name} cannot be read: {_line(error)}") from error

    def definitions(self) -> Definitions:
        """The definitions that travel along.

        Raises:
            UnsoundError: one is not what the manifest says.
            UncheckedError: of a kind that this program does not know.
        """
        known = {}
        for name, told in self._objects("definitions"):
            file = self.inside(told.get("file"))
            raw = read_bounded(file, _MAX_TEXT)
            if sha256(raw).hexdigest() != told.get("digest"):
                raise UnsoundError(None, f"definition {name[:100]!a}: not the one it is said to be")
            known[name] = read_definition(name, file.parent.name, read_text(raw, file.name))
        return Definitions(known)

    def tables(self) -> dict[str, Path]:
        """The files of tables, by their names."""
        return {name: self.inside(told.get("file")) for name, told in self._objects("tables")}

    def digests(self) -> dict[str, str]:
        """The digests of the definitions that made the tables, by their names."""
        return {name: str(told.get("digest")) for name, told in self._objects("tables")}

    def table(self, name: str) -> pa.Table:
        """A table as it stands in its file.

        Raises:
            UnsoundError: its file is no table.
        """
        return _read(self.tables()[name], None)

    def check_files(self) -> int:
        """Compare every file with the manifest; gives how many there are.

        Raises:
            UnsoundError: a file is missing, too many, or not the one that was exported.
        """
        told = dict(self._objects("files"))
        there = {
            path.relative_to(self.folder).as_posix()
            for path in self.folder.rglob("*") if path.is_file()
        } - ({MANIFEST, ENVELOPE} if self.is_evidence else {MANIFEST})  # fmt: skip
        for name in sorted(told.keys() ^ there):
            said = "missing" if name in told else "not of the export"
            raise UnsoundError(None, f"file {name[:100]!a}: {said}")
        for name, one in told.items():
            with self.inside(name).open("rb") as stream:
                if file_digest(stream, "sha256").hexdigest() != one.get("sha256"):
                    raise UnsoundError(None, f"file {name[:100]!a}: not the one that was exported")
        return len(told)

    def inside(self, name: object) -> Path:
        """The path of a file of the folder.

        Raises:
            UnsoundError: a name that leads out of it.
        """
        path = (self.folder / str(name)).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise UnsoundError(None, "manifest: a name that leads out of the folder")
        return path

    def _objects(self, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        told = self.manifest.get(name)
        if not isinstance(told, dict) or not all(isinstance(one, dict) for one in told.values()):
            raise UnsoundError(None, f"manifest: {name} is no list of names")
        yield from told.items()


def _read(file: Path, columns: list[str] | None) -> pa.Table:
    try:
        return pq.read_table(file, columns=columns, page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        # The library calls damage an error of input, too; one of the system has a number.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UnsoundError(None, f"{file.name} cannot be read: {_line(error)}") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
