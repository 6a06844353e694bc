"""A ledger that was exported and imported is the same ledger, byte for byte, or it is not there."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import ExitStack
from typing import TYPE_CHECKING

import msgspec
import pytest
from click.testing import CliRunner, Result
from psycopg import sql

from api.cli import cli
from domain.errors import (
    DamageError,
    PipeledgerError,
    RefusedError,
    SettingError,
    UnavailableError,
)
from domain.log.dsse import pae
from domain.log.key import SigningKey
from domain.people import Account
from store.archive import bringing
from store.archive.keyring import KeyRing
from store.archive.manifest import Manifest, envelope
from store.archive.pieces import Digester
from store.archive.tables import DERIVED, tables_of
from store.archive.writing import write_ledger
from store.ledger.group import Appended
from store.ledger.guard import FileGuard
from store.ledger.keys import LedgerKeys
from store.ledger.opening import equip
from store.postgres.server import EmbeddedPostgres
from tests.conftest import Server, second_binaries
from tests.store.archive.sites import (
    LONG,
    SECRET_TEXT,
    contents,
    export,
    fill,
    findings,
    site,
)
from tests.store.ledger.conftest import draft
from tests.store.ledger.rotations import step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from api.host import Host


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


def bring(host: Host, source: Path, name: str = "moving") -> Manifest:
    """Import an export whose keys lie beside it."""
    return host.bring_in(name, source, source.with_suffix(".keys"))


def nothing_there(host: Host) -> bool:
    """Whether a server has neither ledger, schema, folder nor guarded checkpoint."""
    with host.database.connect() as connection:
        schemas = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname ~ '^(ledger|import)_'"
        ).fetchall()
    folder = host.settings.data / "ledgers"
    left = list(folder.iterdir()) if folder.exists() else []
    return not (schemas or left or FileGuard(host.settings.guards / "moving").read())


def kept(host: Host, *numbers: int) -> list[Appended]:
    """What becomes of drafts sent to an imported ledger."""
    here = host.open("moving")
    try:
        batch = here.ledger.submit([draft(number) for number in numbers]).result(60)
    finally:
        here.close()
    return [one for one in batch.outcomes if isinstance(one, Appended)]


def test_an_imported_ledger_gives_the_same_export(
    exported: Path, new: Host, tmp_path: Path
) -> None:
    """Every byte of every file: entries, salts, register, deliveries, checkpoints, keys."""
    manifest = bring(new, exported)
    assert manifest.size == 308
    again = export(new, tmp_path / "again")
    assert contents(again) == contents(exported)
    keys = exported.with_suffix(".keys")
    assert again.with_suffix(".keys").read_bytes() == keys.read_bytes()
    assert findings(new) == []


def test_an_imported_ledger_goes_on_where_it_stood(old: Host, exported: Path, new: Host) -> None:
    """What was delivered before is a repeat, tokens and sources hold, sealed texts open."""
    bring(new, exported)
    before, repeat, following = new.open("moving"), *kept(new, 7, 900)
    try:
        assert (repeat.repeated, following.repeated) == (True, False)
        assert following.position == 309
        there = old.open("moving")
        assert there.ledger.published.checkpoint == before.ledger.published.checkpoint
        for position in (repeat.position, 305, 306, 307, 308):
            row = before.ledger.reader.entry(position, 308)
            same = there.ledger.reader.entry(position, 308)
            assert row == same
            assert before.ledger.reader.parts(row) == there.ledger.reader.parts(same)
        text = [one.body for one in before.ledger.reader.parts(row) if one.name == "text"]
        assert text == [SECRET_TEXT * 3000]
        assert before.tokens.valid() == there.tokens.valid()
        assert before.sources.valid() == there.sources.valid()
        assert [one.key_id for one in before.emitters.valid()] == [
            one.key_id for one in there.emitters.valid()
        ]
        anna = Account(email="anna@example.org")
        assert before.register.resolve([anna]) == there.register.resolve([anna])
        there.close()
    finally:
        before.close()
    assert findings(new) == []


def test_an_export_holds_no_key_and_is_for_its_owner_alone(exported: Path) -> None:
    """Keys are in the other file, which only its owner reads; sealed texts stay sealed."""
    keys = exported.with_suffix(".keys")
    everything = b"".join(contents(exported).values())
    for name, secret in KeyRing.read(keys).files.items():
        assert secret not in everything, name
    assert SECRET_TEXT not in everything
    assert LONG in everything
    for path in (keys, *exported.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_table_is_exported_or_derived(old: Host) -> None:
    """One that a migration adds comes along by itself, and has an order to be written in."""
    with old.database.connect() as connection:
        found = {one.name for one in tables_of(connection, "ledger_moving")}
        all_tables = connection.execute(
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'ledger_moving'"
        ).fetchall()
    assert found | DERIVED == {name for (name,) in all_tables}
    assert {"entries", "parts", "deliveries", "persons", "tokens", "sources"} <= found


@pytest.mark.long
def test_what_comes_behind_the_checkpoint_does_not_go_along(
    postgres: Server, tmp_path: Path
) -> None:
    """A server that goes on appending while it is exported leaves no half event in the export."""
    with site(postgres, tmp_path / "one") as host, site(postgres, tmp_path / "two") as there:
        host.create("moving", "ledger.example/busy")
        here = host.open("moving")
        here.ledger.submit([draft(number) for number in range(250)]).result(60)
        first = here.ledger.published
        here.ledger.submit([draft(number) for number in range(250, 700)]).result(60)
        (tmp_path / "out").mkdir()
        origin, place = "ledger.example/busy", host.place("moving")
        KeyRing.gather(origin, place).write(tmp_path / "out.keys")
        equipment = equip("moving", origin, place, host.surroundings("moving"))
        write_ledger(equipment, first, tmp_path / "out")
        here.close()
        assert bring(there, tmp_path / "out").size == 251
        assert findings(there) == []
        assert kept(there, 3, 400)[1].position == 252


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


class Stopped(Exception):  # noqa: N818 - it stands for a kill
    """The process ends here."""


@pytest.mark.parametrize(
    "where",
    [
        "write_file",
        *(
            pytest.param(one, marks=pytest.mark.long)
            for one in ("_check_head", "fsck", "_take", "sync_folder")
        ),
    ],
)
def test_a_run_that_was_killed_is_run_again(
    exported: Path, new: Host, monkeypatch: pytest.MonkeyPatch, where: str, tmp_path: Path
) -> None:
    """Nothing is listed or served until the end; whatever was left is dropped or taken up."""

    def stop(*_: object, **__: object) -> object:
        raise Stopped

    with monkeypatch.context() as patched:
        # A kill runs no clean-up.
        patched.setattr(bringing._Bringing, "_drop", lambda *_: None)
        patched.setattr(shutil, "rmtree", lambda *_, **__: None)
        owner = bringing._Bringing if where.startswith("_check") else bringing
        patched.setattr(owner, where, stop)
        with pytest.raises(Stopped):
            bring(new, exported)
    if where == "sync_folder":
        assert new.names() == ["moving"]
        with pytest.raises(SettingError, match="is there already"):
            bring(new, exported)
    else:
        assert new.names() == []
        bring(new, exported)
    again = export(new, tmp_path / "again")
    assert contents(again) == contents(exported)
    assert findings(new) == []


def test_a_guard_that_is_away_leaves_nothing(
    exported: Path, new: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint is not guarded, so the ledger is not there."""

    def away(*_: object) -> None:
        raise UnavailableError("the guard was told to fail")

    with monkeypatch.context() as patched:
        patched.setattr(FileGuard, "swap", away)
        with pytest.raises(UnavailableError):
            bring(new, exported)
    assert nothing_there(new)
    bring(new, exported)
    assert findings(new) == []


def test_a_ledger_comes_once(exported: Path, new: Host) -> None:
    """A second time it is refused, and another name does not get the schema of the first."""
    bring(new, exported)
    with pytest.raises(SettingError, match="is there already"):
        bring(new, exported)
    shutil.rmtree(new.settings.data / "ledgers" / "moving")
    kept_by_schema = bring(new, exported)
    assert kept_by_schema.size == 308
    kept(new, 900)
    shutil.rmtree(new.settings.data / "ledgers" / "moving")
    with pytest.raises(SettingError, match="went on after it was written"):
        bring(new, exported)
    shutil.rmtree(new.settings.guards)
    with pytest.raises(SettingError, match="of another state"):
        bring(new, exported)


@pytest.mark.long
def test_a_ledger_that_comes_back_follows_what_its_guard_holds(
    postgres: Server, exported: Path, new: Host, tmp_path: Path
) -> None:
    """Older exports and other histories are refused, newer ones of the same history go on."""
    bring(new, exported)
    kept(new, 900, 901)
    newer = export(new, tmp_path / "newer")
    with site(postgres, tmp_path / "back") as back:
        guard = FileGuard(back.settings.guards / "moving")
        guard.swap(None, (exported / "checkpoint").read_bytes())
        assert bring(back, newer).size == 310
        assert guard.read() == (newer / "checkpoint").read_bytes()
    with site(postgres, tmp_path / "older") as older:
        FileGuard(older.settings.guards / "moving").swap(None, (newer / "checkpoint").read_bytes())
        with pytest.raises(SettingError, match="went on after it was written"):
            bring(older, exported)
    with site(postgres, tmp_path / "other") as other:
        # The old server went on by itself: two histories of one length.
        bring(other, exported)
        kept(other, 902, 903)
        shutil.rmtree(other.settings.data / "ledgers")
        with other.database.connect() as connection:
            connection.execute(
                sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier("ledger_moving"))
            )
        with pytest.raises(SettingError, match="another history"):
            bring(other, newer)
        assert other.names() == []


@pytest.mark.long
def test_it_moves_between_versions_of_postgresql_and_back(tmp_path: Path, reachable: Path) -> None:
    """To the other version, and from there: the same bytes in both directions."""
    other = second_binaries()
    assert other is not None, "make tools installs a second PostgreSQL"
    with ExitStack() as stack:
        servers = [
            Server(
                name,
                stack.enter_context(
                    EmbeddedPostgres.start(reachable / f"moving-{name}", binaries=binaries)
                ).conninfo,
                "template0",
            )
            for name, binaries in (("ours", None), ("other", other))
        ]
        one, two, three = (
            stack.enter_context(site(server, tmp_path / name))
            for server, name in ((servers[0], "a"), (servers[1], "b"), (servers[0], "c"))
        )
        versions = []
        for host in (one, two):
            with host.database.connect() as connection:
                versions.append(connection.info.server_version // 10_000)
        assert versions[0] != versions[1]
        fill(one)
        first = export(one, tmp_path / "first")
        bring(two, first)
        second = export(two, tmp_path / "second")
        assert contents(second) == contents(first)
        kept(two, 900)
        third = export(two, tmp_path / "third")
        bring(three, third)
        assert contents(export(three, tmp_path / "fourth")) == contents(third)
        assert kept(three, 7, 900, 901)[2].position == 310
        assert findings(two) == findings(three) == []


def test_what_fails_says_so_in_our_own_words(new: Host, tmp_path: Path) -> None:
    """A folder that is none, keys that are none."""
    (tmp_path / "x.keys").write_bytes(b"{")
    for source in (tmp_path / "x", tmp_path / "none"):
        with pytest.raises(PipeledgerError):
            bring(new, source)
    with pytest.raises(SettingError, match="a ledger's name"):
        bring(new, tmp_path / "x", "../up")


def test_the_commands_say_what_comes_next(old: Host, new: Host, tmp_path: Path) -> None:
    """Where the keys are, and that the old server must not go on."""

    def run(host: Host, *words: str) -> str:
        where = ["--data", str(host.settings.data), "--database", str(host.settings.database)]
        done = CliRunner().invoke(cli, [*words, *where, "--ledger", "moving"])
        assert done.exception is None, done.exception
        return done.output

    target, keys = str(tmp_path / "out"), str(tmp_path / "out.keys")
    said = run(old, "export", "ledger", target, "--keys", keys)
    assert "308 entries of ledger.example/moving" in said
    assert "whoever has this file can sign" in said
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700
    said = run(new, "import", "ledger", target, "--keys", keys)
    assert "308 entries of ledger.example/moving: all verified" in said
    assert "The old server must never append again" in said
    assert "cannot be imported" in run(old, "export", "ledger", str(tmp_path / "keyless"))


def test_a_lost_guard_is_filled_by_a_command(exported: Path, new: Host) -> None:
    """With a checkpoint that was kept outside, or by an explicit word that there is none."""
    bring(new, exported)

    def run(*words: str) -> Result:
        where = ["--data", str(new.settings.data), "--database", str(new.settings.database)]
        return CliRunner().invoke(cli, ["guard", *words, *where, "--ledger", "moving"])

    note = (exported / "checkpoint").read_bytes()
    assert run("show").output.encode() == note
    shutil.rmtree(new.settings.guards)
    assert isinstance(run("show").exception, SettingError)
    assert isinstance(run("restore").exception, SettingError)
    assert isinstance(run("restore", "--checkpoint", str(exported / "key.vkey")).exception,
                      RefusedError)  # fmt: skip
    said = run("restore", "--checkpoint", str(exported / "checkpoint")).output
    assert "holds 308 entries; everything verified" in said
    assert run("show").output.encode() == note


@pytest.mark.long
def test_a_ledger_whose_keys_were_replaced_moves_with_all_of_them(
    postgres: Server, tmp_path: Path
) -> None:
    """In the middle of it and after it; what a retired key signs is no manifest of this ledger."""
    with site(postgres, tmp_path / "one") as host:
        fill(host)
        first = export(host, tmp_path / "first")
        here = host.open("moving")
        step(here.ledger, "intake", end=False)
        step(here.ledger, "log", end=False)
        middle = export(host, tmp_path / "middle")
        step(here.ledger, "intake", end=True)
        step(here.ledger, "log", end=True)
        here.ledger.submit([draft(950)]).result(60)
        here.close()
        last = export(host, tmp_path / "last")
        for number, source in enumerate((middle, last)):
            with site(postgres, tmp_path / f"to-{number}") as there:
                bring(there, source)
                assert contents(export(there, tmp_path / f"again-{number}")) == contents(source)
                assert len(kept(there, 7, 960)) == 2
                assert findings(there) == []
        retired = KeyRing.read(first.with_suffix(".keys")).files["keys/intake.key"]
        key = SigningKey.from_seed("ledger.example/moving/intake", retired)
        forged = (last / "manifest.json").read_bytes()
        (last / "manifest.dsse.json").write_bytes(
            envelope(forged, lambda kind, raw: (key.key_id, key.sign(pae(kind, raw))))
        )
        with site(postgres, tmp_path / "to-none") as there:
            with pytest.raises(RefusedError, match="not signed by this ledger's key"):
                bring(there, last)
            assert nothing_there(there)
