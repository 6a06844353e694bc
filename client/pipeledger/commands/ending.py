"""What `reject` and `withdraw` share: each ends an approval."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipeledger.commands.common import say, settings_of
from pipeledger.deciding import decide, path_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeledger.commands.common import Parser


def end(parser: Parser, words: Sequence[str], step: str, kind: str) -> int:
    """Send the step that ends an approval; the exit status.

    Args:
        parser: of the verb; `ID` and `--json` are added here.
        words: of the command line.
        step: `reject` or `withdraw`.
        kind: type of the event that it becomes, without prefix.

    Raises:
        UsageError: a word is wrong.
        AwayError: the ledger does not answer.
        ClientError: it refuses.
    """
    parser.add_argument("approval", metavar="ID")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    options = parser.parse_args(list(words))
    body = {"reason": options.reason} if options.reason else {}
    answer = decide(settings_of(options), path_of(options.approval, step), body, kind)
    if options.json:
        say(json.dumps(answer))
    else:
        say(f"{answer.get('state')} {options.approval} at position {answer['position']}")
    return 0
