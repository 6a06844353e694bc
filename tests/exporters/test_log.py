"""A log as a folder of files: each run adds what is new, and no two trees ever meet in one."""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from domain.errors import DamageError, SettingError, UnavailableError
from domain.log.checkpoint import Checkpoint, sign_checkpoint
from domain.log.cosignature import WitnessSigner, with_lines
from domain.log.key import SigningKey
from domain.log.note import parse_note
from domain.log.tile import Tile, edge_of
from exporters.durable import DurableFolder
from exporters.log import export_log
from pipeledger.verifier.evidence import Policy, check_path
from pipeledger.verifier.lines import Settings
from pipeledger.verifier.trust import trusted_log
from tests.domain.log.leaves import tree_hash
from tests.store.ledger.conftest import Home, draft

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store.ledger.ledger import Ledger

ORIGIN = "ledger.example/test"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the log goes; not there yet."""
    return tmp_path / "log"


def grow(ledger: Ledger, size: int) -> None:
    """Append until there are so many entries."""
    have = ledger.published.size
    ledger.submit([draft(number) for number in range(have, size)]).result(60)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file, by its name in the folder."""
    return {
        str(one.relative_to(folder)): one.read_bytes()
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }


def wanted(size: int) -> set[str]:
    """The names that the tree of a size has, without partial tiles of sizes before."""
    names = {tile.path for tile in edge_of(size)}
    for level in (None, 0, 1, 2):
        for index in range((size >> 8 * (level or 0)) // 256):
            names.add(Tile(level, index).path)
    return names | {"checkpoint", "key.vkey"}


def split(bundle: bytes) -> list[bytes]:
    """The entries of a bundle."""
    found = []
    while bundle:
        end = 2 + int.from_bytes(bundle[:2], "big")
        found.append(bundle[2:end])
        bundle = bundle[end:]
    return found


def check(folder: Path, ledger: Ledger) -> None:
    """The client verifies it, and every tile is of the entries by the definition."""
    check_path(folder, Policy([trusted_log(ledger.vkeys)], Settings()))
    there = Checkpoint.of((folder / "checkpoint").read_bytes())
    entries: list[bytes] = []
    for index in range((there.size + 255) // 256):
        width = min(256, there.size - index * 256)
        entries += split((folder / Tile(None, index, width).path).read_bytes())
    row = [sha256(b"\0" + raw).digest() for raw in entries]
    assert tree_hash(row) == there.root
    level = 0
    while row:
        for first in range(0, len(row), 256):
            some = row[first : first + 256]
            tile = Tile(level, first // 256, len(some))
            assert (folder / tile.path).read_bytes() == b"".join(some)
        row = [tree_hash(row[at : at + 256]) for at in range(0, len(row) // 256 * 256, 256)]
        level += 1


def test_each_run_adds_what_is_new_and_keeps_what_the_last_tree_needs(
    ledger: Ledger, folder: Path
) -> None:
    """At and around full tiles; a partial tile goes one run after it became full."""
    before: set[str] = set()
    for size in (1, 2, 255, 256, 257, 511, 512, 513):
        if size > 1:
            grow(ledger, size)
        old = contents(folder)
        done = export_log(ledger, folder)
        now = contents(folder)
        assert (done.size, done.before) == (size, len(split_all(old)))
        assert wanted(size) <= now.keys()
        # Those of the tree before that have become full in this run are there still.
        assert before <= now.keys()
        # What a name stands for never changes, and is not written twice.
        assert all(now[name] == old[name] for name in old.keys() & now.keys() - {"checkpoint"})
        assert done.files == len({one for one in now.keys() - old.keys() if one[:4] == "tile"})
        check(folder, ledger)
        before = wanted(size)
    assert "tile/0/000.p/255" not in now
    assert (folder / "key.vkey").read_text() == f"{ledger.vkeys[1]}\n"


def split_all(files: dict[str, bytes]) -> list[bytes]:
    """The entries that a folder's checkpoint speaks of."""
    if "checkpoint" not in files:
        return []
    return [b""] * int(files["checkpoint"].split(b"\n")[1])


def test_a_run_without_anything_new_writes_no_tile(ledger: Ledger, folder: Path) -> None:
    """And the files are the same files."""
    grow(ledger, 300)
    export_log(ledger, folder)
    before = {one: one.stat().st_ino for one in (folder / "tile").rglob("*")}
    assert export_log(ledger, folder).files == 0
    assert {one: one.stat().st_ino for one in (folder / "tile").rglob("*")} == before


def test_a_fresh_folder_holds_what_a_grown_one_holds(ledger: Ledger, tmp_path: Path) -> None:
    """But for the partial tiles of trees before."""
    for size in (100, 256, 600):
        grow(ledger, size)
        export_log(ledger, tmp_path / "grown")
    export_log(ledger, tmp_path / "fresh")
    fresh, grown = contents(tmp_path / "fresh"), contents(tmp_path / "grown")
    assert set(fresh) == wanted(600)
    assert {name: grown[name] for name in fresh} == fresh


def test_a_web_server_may_read_it(ledger: Ledger, tmp_path: Path) -> None:
    """As the umask says; the ledger's own files are for its account alone."""
    mask = os.umask(0o022)
    try:
        export_log(ledger, tmp_path / "deep" / "log")
    finally:
        os.umask(mask)
    for one in (tmp_path / "deep" / "log").rglob("*"):
        assert stat.S_IMODE(one.stat().st_mode) == (0o755 if one.is_dir() else 0o644)


def told(ledger: Ledger, folder: Path) -> str:
    """What an export says that did not go well."""
    try:
        export_log(ledger, folder)
    except UnavailableError as error:
        return str(error)
    return ""


class _Full(Exception):  # noqa: N818 - the disk is
    """Stands for a process that ended."""


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("write", marks=pytest.mark.long),
        "rename",
        pytest.param("fsync", marks=pytest.mark.long),
        "unlink",
    ],
)
def test_wherever_a_run_ends_the_folder_holds_a_whole_tree_and_the_next_run_mends_it(
    ledger: Ledger, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Each call of a kind fails once: it is told, and what readers find stays true."""
    grow(ledger, 200)
    export_log(ledger, folder)
    grow(ledger, 520)
    export_log(ledger, folder)
    grow(ledger, 530)
    real: Callable[..., object] = getattr(os, step) if step != "write" else os.open
    failed = 0
    while True:
        calls = iter(range(1000))
        broken = False

        def fail(*words: object, **more: object) -> object:
            nonlocal broken
            fresh = step != "write" or str(words[0]).startswith(".new-")
            if fresh and not broken and next(calls) == failed:  # noqa: B023 - called at once
                broken = True
                raise OSError(28, "No space left on device")
            return real(*words, **more)

        with monkeypatch.context() as patch:
            patch.setattr(os, "open" if step == "write" else step, fail)
            said = told(ledger, folder)
        assert (f"{folder}" in said and "No space left on device" in said) == broken
        check(folder, ledger)
        if not broken:
            break
        failed += 1
        export_log(ledger, folder)
        check(folder, ledger)
        grow(ledger, ledger.published.size + 100)
    assert failed >= (1 if step == "unlink" else 4)
    assert not [one for one in contents(folder) if ".new-" in one]


def test_a_run_that_was_cut_short_leaves_nothing_of_it(ledger: Ledger, folder: Path) -> None:
    """Tiles beyond the checkpoint, and files that were never finished, are not believed."""
    grow(ledger, 300)
    export_log(ledger, folder)
    for name in ("tile/0/001.p/99", "tile/0/001", "tile/3/000.p/1", "tile/entries/x009/000"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"another tree's")
    (folder / "tile/0/.new-001").write_bytes(b"half")
    (folder / "tile/0/notes.txt").write_bytes(b"mine")
    grow(ledger, 301)
    export_log(ledger, folder)
    names = contents(folder)
    assert names.pop("tile/0/notes.txt") == b"mine"
    assert set(names) == wanted(301) | {"tile/0/001.p/44", "tile/entries/001.p/44"}
    check(folder, ledger)


def test_the_first_run_may_end_anywhere_too(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a checkpoint nothing is there to be read, and the next run begins anew."""
    grow(ledger, 300)
    write = DurableFolder.write
    for last in ("key.vkey", "tile/entries/000", "tile/0/001.p/44", "checkpoint"):
        folder = tmp_path / last.replace("/", "-")

        def stop(self: DurableFolder, name: str, content: bytes) -> None:
            if name == last:  # noqa: B023 - called at once
                raise _Full
            write(self, name, content)

        with monkeypatch.context() as patch:
            patch.setattr(DurableFolder, "write", stop)
            with pytest.raises(_Full):
                export_log(ledger, folder)
        assert not (folder / "checkpoint").exists()
        export_log(ledger, folder)
        assert set(contents(folder)) == wanted(300)
        check(folder, ledger)


def test_without_its_checkpoint_a_folder_is_written_anew(ledger: Ledger, folder: Path) -> None:
    """The way out where somebody lost or damaged a file in it."""
    grow(ledger, 300)
    export_log(ledger, folder)
    whole = contents(folder)
    (folder / "tile/entries/000").unlink()
    (folder / "tile/0/000").write_bytes(b"damaged")
    (folder / "checkpoint").unlink()
    export_log(ledger, folder)
    assert contents(folder) == whole


def test_an_earlier_checkpoint_and_its_cosignatures_may_be_what_is_wanted(
    ledger: Ledger, folder: Path
) -> None:
    """As far as witnesses have seen, say; then on to the newest, and back never."""
    grow(ledger, 300)
    early = ledger.published.checkpoint
    grow(ledger, 301)
    witness = WitnessSigner("witness.example/w", b"w" * 32)
    cosigned = with_lines(early, [witness.cosign(parse_note(early)[0], 1_767_225_600)])
    assert export_log(ledger, folder, note=cosigned).size == 300
    assert (folder / "checkpoint").read_bytes() == cosigned
    check(folder, ledger)
    assert export_log(ledger, folder).before == 300
    check(folder, ledger)
    with pytest.raises(SettingError, match="300 were to be written"):
        export_log(ledger, folder, note=cosigned)


def test_a_damaged_ledger_is_not_exported(home: Home, ledger: Ledger, folder: Path) -> None:
    """The position is named, and the folder stays at the tree that it held."""
    grow(ledger, 100)
    export_log(ledger, folder)
    grow(ledger, 400)
    with home.database.connect() as connection:
        connection.execute("ALTER TABLE ledger_test.entries DISABLE TRIGGER append_only")
        connection.execute("UPDATE ledger_test.entries SET entry = 'x' WHERE pos = 300")
    with pytest.raises(DamageError) as caught:
        export_log(ledger, folder)
    assert caught.value.position == 300
    check(folder, ledger)
    with home.database.connect() as connection:
        # Entry and leaf were forged together: only the signed root tells.
        forged = sha256(b"\0x").digest()
        connection.execute("UPDATE ledger_test.entries SET leaf = %s WHERE pos = 300", (forged,))
    with pytest.raises(DamageError, match="the root that was signed"):
        export_log(ledger, folder)
    check(folder, ledger)


def _checkpoint(origin: str, size: int, root: bytes) -> bytes:
    return sign_checkpoint(Checkpoint(origin, size, root), [SigningKey(origin, b"k" * 32)])


REFUSED = {
    "another log": ({"checkpoint": _checkpoint("ledger.example/b", 1, bytes(32))}, "holds the log"),
    "more entries": ({"checkpoint": _checkpoint(ORIGIN, 99, bytes(32))}, "9 were to be written"),
    "another tree": ({"checkpoint": _checkpoint(ORIGIN, 9, bytes(32))}, "two histories exist"),
    "another tree before": ({"checkpoint": _checkpoint(ORIGIN, 4, bytes(32))}, "two histories"),
    "no checkpoint": ({"checkpoint": b"hello\n"}, "is no checkpoint"),
    "an empty checkpoint": ({"checkpoint": b""}, "is no checkpoint"),
    "a log that was begun": ({"key.vkey": b"ledger.example/b+00000000+AQ==\n"}, "another log"),
    "other things": ({"index.html": b"<h1>"}, "is not empty"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_a_folder_of_something_else_is_refused_by_name_and_left_alone(
    ledger: Ledger, folder: Path, case: tuple[dict[str, bytes], str]
) -> None:
    """Two trees never meet in a folder."""
    files, said = case
    grow(ledger, 9)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with pytest.raises(SettingError, match=said) as caught:
        export_log(ledger, folder)
    assert str(folder) in str(caught.value)
    assert contents(folder) == files


def test_two_do_not_write_into_one_folder(ledger: Ledger, tmp_path: Path) -> None:
    """The second says so."""
    with (
        DurableFolder(tmp_path / "log"),
        pytest.raises(SettingError, match="another process is writing there"),
    ):
        export_log(ledger, tmp_path / "log")
    export_log(ledger, tmp_path / "log")


def test_nothing_is_written_through_a_link(ledger: Ledger, tmp_path: Path) -> None:
    """A folder that whoever serves it put elsewhere is no folder of ours."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    export_log(ledger, tmp_path / "log")
    grow(ledger, 5)
    entries = tmp_path / "log" / "tile" / "entries"
    entries.rename(elsewhere / "entries")
    entries.symlink_to(elsewhere / "entries")
    before = contents(elsewhere)
    with pytest.raises(UnavailableError, match="tile/entries"):
        export_log(ledger, tmp_path / "log")
    assert contents(elsewhere) == before
