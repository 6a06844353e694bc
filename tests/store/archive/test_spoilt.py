"""An export that was damaged or forged is refused, named, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import msgspec
import pytest

from domain.errors import (
    DamageError,
    RefusedError,
    SettingError,
)
from domain.log.dsse import pae
from store.archive.keyring import KeyRing
from store.archive.manifest import Manifest, envelope
from store.archive.pieces import Digester
from store.ledger.keys import LedgerKeys
from tests.store.archive.sites import bring, nothing_there

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from api.host import Host


FILES = (
    "entries.copy", "tags.copy", "parts.copy", "tiles.copy", "deliveries.copy", "persons.copy",
    "accounts.copy", "tokens.copy", "checkpoints.copy", "documents.bin", "checkpoint", "key.vkey",
    "manifest.json", "manifest.dsse.json",
)  # fmt: skip


def flip(path: Path) -> None:
    """Another bit in the middle."""
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def cut(path: Path) -> None:
    """The second half is gone."""
    os.truncate(path, path.stat().st_size // 2)


def lengthen(path: Path) -> None:
    """One more byte."""
    with path.open("ab") as file:
        file.write(b"\n")


def link(path: Path) -> None:
    """The same bytes, but elsewhere."""
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def pipe(path: Path) -> None:
    """A pipe that nobody writes into."""
    path.unlink()
    os.mkfifo(path)


SPOILT: dict[str, Callable[[Path], None]] = {
    "flipped": flip, "cut": cut, "lengthened": lengthen, "missing": lambda path: path.unlink(),
    "link": link, "pipe": pipe,
}  # fmt: skip


@pytest.mark.parametrize(
    "kinds",
    [("flipped",), pytest.param(tuple(SPOILT), marks=pytest.mark.long)],
    ids=["flipped", "every way"],
)
def test_a_spoilt_file_is_named_and_nothing_is_imported(
    exported: Path, new: Host, tmp_path: Path, kinds: tuple[str, ...]
) -> None:
    """Whichever file, however it is spoilt; then the sound export is imported."""
    for what in kinds:
        spoil = SPOILT[what]
        for name in FILES:
            copy = tmp_path / "spoilt"
            shutil.copytree(exported, copy)
            shutil.copy(exported.with_suffix(".keys"), tmp_path / "spoilt.keys")
            spoil(copy / name)
            with pytest.raises(RefusedError) as refused:
                bring(new, copy)
            # Of the manifest and its signature, either may be what was altered.
            suspects = {name} | (
                {"manifest.dsse.json", "envelope"} if "manifest" in name else set()
            )
            named = any(refused.value.place.startswith(one) for one in suspects)
            assert named or "manifest" in name, (what, name, str(refused.value))
            assert nothing_there(new), (what, name)
            shutil.rmtree(copy)
    bring(new, exported)


def test_the_place_of_damage_is_said_to_the_byte(copy: Path, new: Host) -> None:
    """The block that was altered; the byte where a file ends."""
    whole = (copy / "entries.copy").stat().st_size
    os.truncate(copy / "entries.copy", 1000)
    with pytest.raises(RefusedError, match=rf"entries.copy byte 1000: .* it had {whole} bytes"):
        bring(new, copy)


def resigned(copy: Path, change: Callable[[Path], None]) -> None:
    """What somebody with the intake key can do: change files and sign a manifest that fits."""
    change(copy)
    manifest = Manifest.parse((copy / "manifest.json").read_bytes())

    def told(name: str) -> object:
        found = Digester()
        found.write((copy / name).read_bytes())
        return found.told()

    fitting = msgspec.structs.replace(
        manifest,
        tables=tuple(
            msgspec.structs.replace(one, file=told(f"{one.name}.copy")) for one in manifest.tables
        ),
        files={name: told(name) for name in manifest.files},
    )
    write_signed(copy, fitting.encode())


def write_signed(copy: Path, content: bytes) -> None:
    """Write a manifest and the ledger's own signature of it."""
    files = KeyRing.read(copy.with_suffix(".keys")).files
    folder = copy.with_name("unpacked")
    folder.mkdir(exist_ok=True)
    for name in ("log.key", "intake.key"):
        (folder / name).write_bytes(files[f"keys/{name}"])
    key = LedgerKeys.load(folder, "ledger.example/moving").intake
    (copy / "manifest.json").write_bytes(content)
    (copy / "manifest.dsse.json").write_bytes(
        envelope(content, lambda kind, raw: (key.key_id, key.sign(pae(kind, raw))))
    )


def replaced(name: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    """Other bytes of the same length in one file."""
    assert len(old) == len(new)

    def change(copy: Path) -> None:
        raw = (copy / name).read_bytes()
        assert old in raw
        (copy / name).write_bytes(raw.replace(old, new, 1))

    return change


FORGED = {
    "an entry": (replaced("entries.copy", b"service:checkout", b"service:checkins"), "position"),
    "a part": (replaced("parts.copy", b'{"number":7}', b'{"number":8}'), "position"),
    "a tag": (replaced("tags.copy", b"service:checkout", b"service:checkins"), "position"),
    "a document": (replaced("documents.bin", b"xxxx", b"xxxy"), "position"),
    "the note": (replaced("checkpoint", b"\n308\n", b"\n307\n"), "checkpoint|note"),
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(*one, id=what, marks=[] if what == "an entry" else [pytest.mark.long])
        for what, one in FORGED.items()
    ],
)
def test_a_fitting_signature_does_not_launder_what_was_forged(
    copy: Path, new: Host, change: Callable[[Path], None], said: str
) -> None:
    """Everything is re-derived before it is put in place, so nothing is there afterwards."""
    resigned(copy, change)
    with pytest.raises((DamageError, RefusedError), match=said):
        bring(new, copy)
    assert nothing_there(new)


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "a path": lambda raw: raw.replace(b'"entries"', b'"../../entries"'),
    "an absolute path": lambda raw: raw.replace(b'"entries"', b'"/etc/passwd"'),
    "another schema": lambda raw: raw.replace(b'"name": "tags"', b'"name": "tags_2"'),
    "another column": lambda raw: raw.replace(b'"leaf"', b'"loaf"'),
    "one more file": lambda raw: raw.replace(b'"key.vkey": {', b'"more": {'),
    "another format": lambda raw: raw.replace(b"pipeledger/ledger/v1", b"pipeledger/ledger/v2"),
    "another length": lambda raw: raw.replace(b'"bytes": ', b'"bytes": -'),
    "nothing": lambda _: b"",
    "deep": lambda _: b"[" * 200_000,
    "a text for a number": lambda raw: raw.replace(b'"size": 308', b'"size": "308"'),
    "another size": lambda raw: raw.replace(b'"size": 308', b'"size": 307'),
}


def test_a_hostile_manifest_is_refused(copy: Path, new: Host) -> None:
    """Also where the ledger's own key signed it; no file outside the folder is opened."""
    content = (copy / "manifest.json").read_bytes()
    for what, change in HOSTILE.items():
        assert change(content) != content, what
        write_signed(copy, change(content))
        with pytest.raises((RefusedError, SettingError)):
            bring(new, copy)
        assert nothing_there(new), what


def test_a_newer_version_is_said_to_be_one(copy: Path, new: Host) -> None:
    """Its migrations are not ours."""
    content = (copy / "manifest.json").read_bytes()
    write_signed(copy, content.replace(b"0050_sources.sql", b"9050_sources.sql"))
    with pytest.raises(SettingError, match="newer version"):
        bring(new, copy)
    assert nothing_there(new)


def test_keys_that_are_not_this_ledgers_are_refused(copy: Path, new: Host) -> None:
    """Of another ledger, of this name but made anew, hostile, or none."""
    keys = copy.with_suffix(".keys")
    files = dict(KeyRing.read(keys).files)
    for origin, spoilt, error in (
        ("ledger.example/other", files, SettingError),
        ("ledger.example/moving", files | {"keys/intake.key": bytes(32)}, RefusedError),
        ("ledger.example/moving", files | {"keys/../../out": b"x"}, RefusedError),
        ("ledger.example/moving", {}, SettingError),
        (
            "ledger.example/moving",
            files | {"keys/log.key": bytes(32)},
            (DamageError, RefusedError),
        ),
        (
            "ledger.example/moving",
            files | {"secrets/wrapping.key": bytes(32)},
            DamageError,
        ),
    ):
        keys.unlink()
        KeyRing(origin, spoilt).write(keys)
        with pytest.raises(error):
            bring(new, copy)
        assert nothing_there(new)
