"""A group of commands that loads a command's module when that command is called."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class LazyGroup(click.Group):
    """Its own help loads none of its commands: their short help is told beforehand."""

    def __init__(self, *args: Any, places: Mapping[str, tuple[str, str]], **more: Any) -> None:  # noqa: ANN401 - click's own
        """Make a group.

        Args:
            args: as of any group.
            places: of each command by its name, where it is (`module:name`), and its short help.
            more: as of any group.
        """
        super().__init__(*args, **more)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in order."""
        return sorted({*super().list_commands(ctx), *self._places})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, loaded now; None: there is none."""
        if cmd_name not in self._places:
            return super().get_command(ctx, cmd_name)
        module, _, name = self._places[cmd_name][0].partition(":")
        found: click.Command = getattr(import_module(module), name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        rows = [(name, self._help_of(name, formatter.width)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _help_of(self, name: str, width: int) -> str:
        if name in self._places:
            return self._places[name][1]
        return self.commands[name].get_short_help_str(width)
