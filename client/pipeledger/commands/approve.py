"""`pipeledger approve`: look at what was asked for, and grant exactly that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeledger.commands.common import parser_of, say, settings_of
from pipeledger.deciding import add_subjects, approval, decide, path_of, subjects_of, written
from pipeledger.errors import ClientError
from pipeledger.verifier.shown import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\
What was asked is shown, and the grant names it: the ledger refuses the grant if it is of anything
else. With --artifact, --commit … it is granted only where exactly that was asked.

  pipeledger approve apr-3f9c --artifact sha256:9f86... --reason "Tried on staging"
"""
_SHOWN = ("environments", "roles", "required", "valid_from", "valid_until", "requester", "actor",
          "authors", "emergency", "service", "ticket", "url", "reason")  # fmt: skip


def main(words: Sequence[str]) -> int:
    """Grant; the exit status."""
    parser = parser_of("approve", "Grant an approval that was asked for.", _EPILOG)
    parser.add_argument("approval", metavar="ID")
    add_subjects(parser)
    parser.add_argument("--role", help="in which you approve, where your token has several")
    parser.add_argument("--reason")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    options = parser.parse_args(list(words))
    settings = settings_of(options)
    asked = approval(settings, options.approval).get("asked")
    if not isinstance(asked, dict):
        raise ClientError("this token may not see what was asked: approvers and operators may")
    if not options.json:
        _show(asked)
    body = {name: found for name in ("role", "reason") if (found := getattr(options, name))}
    body["subjects"] = subjects_of(options) or asked.get("subjects")
    answer = decide(settings, path_of(options.approval, "grant"), body, "approval.granted")
    if options.json:
        say(json.dumps(answer))
    elif answer.get("state") == "granted":
        say(f"granted {options.approval} at position {answer['position']}")
    else:
        say(f"noted at position {answer['position']}; {options.approval} takes more persons")
    return 0


def _show(asked: dict[str, Any]) -> None:
    for one in asked.get("subjects") or ():
        say(f"  {plain(written(one))}")
    for name in _SHOWN:
        value = asked.get(name)
        if value:
            listed = value if isinstance(value, list) else [value]
            say(f"  {name}: {plain(', '.join(map(str, listed)))}")
