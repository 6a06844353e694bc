"""A command starts with what it needs: the rest of the server is not loaded for it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import click
from click.testing import CliRunner

from api.cli import COMMANDS, EXPORTS, cli
from tests.api.loading import ASKING, DATABASE, SELDOM, SERVING, SHOWING, loaded
from tests.serving import serving

if TYPE_CHECKING:
    from pathlib import Path


def test_help_is_told_without_loading_what_it_tells_of() -> None:
    """Not even the database's library."""
    heavy = SERVING | ASKING | SHOWING | SELDOM | DATABASE
    assert loaded("--help") & heavy == set()
    assert loaded("export", "--help") & heavy == set()


def test_a_command_on_the_database_loads_nothing_that_serves_or_answers() -> None:
    """Whoever makes tokens in a script waits for neither framework nor DuckDB."""
    assert loaded("token", "list", "--help") & (SERVING | ASKING | SHOWING | SELDOM) == set()


def test_every_command_loads_and_says_what_the_list_says_of_it() -> None:
    """The list is written beside the commands; here they are compared, help and all."""
    told: dict[tuple[str, ...], tuple[str, str]] = {(name,): one for name, one in COMMANDS.items()}
    told |= {("export", name): one for name, one in EXPORTS.items()}
    runner = CliRunner()
    names = []
    for path, command in _below(cli, ()):
        names.append(path)
        done = runner.invoke(cli, [*path, "--help"])
        assert done.exit_code == 0, (path, done.output)
        assert f"Usage: cli {' '.join(path)} " in done.output
        assert command.help
        if path in told:
            assert command.get_short_help_str(1000) == told[path][1], path
    assert told.keys() <= set(names)
    assert len(names) > 60


def _below(
    group: click.Group, path: tuple[str, ...]
) -> list[tuple[tuple[str, ...], click.Command]]:
    found: list[tuple[tuple[str, ...], click.Command]] = []
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            found.append(((*path, name), command))
            if isinstance(command, click.Group):
                found += _below(command, (*path, name))
    return found


def test_a_command_that_is_none_is_refused_by_name() -> None:
    """As of any group."""
    done = CliRunner().invoke(cli, ["tokens"])
    assert done.exit_code == 2
    assert "No such command 'tokens'" in done.output


def test_a_server_that_is_ended_as_soon_as_it_listens_ends_in_order(tmp_path: Path) -> None:
    """Its database too, and by the status of whoever was asked to end."""
    with serving(tmp_path / "data") as server:
        os.kill(server.printed.pid, signal.SIGTERM)
        assert not any("Traceback" in line for line in server.printed.everything())
        assert not list((tmp_path / "data").rglob("postmaster.pid"))


def test_ledgers_have_an_address_in_common_and_no_origin(tmp_path: Path) -> None:
    """Two logs of one name are what a forger makes; where the server listens is told once."""
    with serving(tmp_path / "data") as server:
        made = server.administer("ledger", "create", "other", "--origin", "ledger.example/other")
        assert "ledger.example/other; the next serve has it\n" in made
        words = ("ledger", "create", "third", "--origin", "ledger.example/other")
        said = server.administer(*words, status=2)
        assert "ledger other has the origin ledger.example/other: it names one for good" in said
        assert "third" not in server.administer("ledger", "list")
    with serving(tmp_path / "data", first=False) as server:
        # A server may be ended between two lines of its greeting.
        server.printed.word(r"The console is at (\S+)")
        os.kill(server.printed.pid, signal.SIGTERM)
        said = "\n".join(server.printed.everything())
        assert said.count("fingerprint sha256:") == 2
        assert said.count("listening on ") == said.count("The console is at ") == 1
