"""`pipeledger withdraw`: take a request or an approval back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeledger.commands.common import parser_of
from pipeledger.commands.ending import end

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\
Who requested it may, and every approver or operator; what was granted holds no more from then on.

  pipeledger withdraw apr-3f9c --reason "The release is postponed"
"""


def main(words: Sequence[str]) -> int:
    """Withdraw; the exit status."""
    parser = parser_of("withdraw", "Take a request or an approval back.", _EPILOG)
    parser.add_argument("--reason")
    return end(parser, words, "withdraw", "approval.withdrawn")
