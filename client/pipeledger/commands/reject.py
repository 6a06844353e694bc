"""`pipeledger reject`: refuse to approve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeledger.commands.common import parser_of
from pipeledger.commands.ending import end

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\
It ends the request; whoever still wants it asks again.

  pipeledger reject apr-3f9c --reason "The migration was not tried"
"""


def main(words: Sequence[str]) -> int:
    """Reject; the exit status."""
    parser = parser_of("reject", "Refuse to approve what was asked for.", _EPILOG)
    parser.add_argument("--reason", required=True)
    return end(parser, words, "reject", "approval.rejected")
