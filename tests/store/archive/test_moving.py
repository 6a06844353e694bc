"""A ledger that was exported and imported is the same ledger, byte for byte, or it is not there."""

from __future__ import annotations

import shutil
import stat
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from psycopg import sql

from api.cli import cli
from domain.errors import (
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
from store.archive.manifest import envelope
from store.archive.tables import DERIVED, tables_of
from store.archive.writing import write_ledger
from store.ledger.guard import FileGuard
from store.ledger.opening import equip
from store.postgres.server import EmbeddedPostgres
from tests.conftest import Server, second_binaries
from tests.store.archive.sites import (
    LONG,
    SECRET_TEXT,
    bring,
    contents,
    export,
    fill,
    findings,
    kept,
    nothing_there,
    site,
)
from tests.store.ledger.conftest import draft
from tests.store.ledger.rotations import step

if TYPE_CHECKING:
    from pathlib import Path

    from api.host import Host


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
    with pytest.raises(SettingError, match="ledger moving has the origin"):
        bring(new, exported, "twice")
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
