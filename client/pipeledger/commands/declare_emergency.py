"""`pipeledger declare-emergency`: a change goes ahead, and is approved afterwards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipeledger.commands.common import parser_of, say, settings_of
from pipeledger.deciding import add_subjects, decide, subjects_of
from pipeledger.words import check_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\
An approver or operator declares it, and another one approves it afterwards, in 72 hours unless
--approve-until says otherwise (30 days at most).

  pipeledger declare-emergency --commit 4f2a... --environment production --incident INC-7 \\
      --reason "Payments fail"
"""


def main(words: Sequence[str]) -> int:
    """Declare; the exit status."""
    parser = parser_of("declare-emergency", "Let a change go ahead before its approval.", _EPILOG)
    add_subjects(parser)
    parser.add_argument("--environment", action="append", default=[], dest="environments",
                        metavar="NAME", help="where; repeat it")  # fmt: skip
    parser.add_argument("--service")
    parser.add_argument("--incident", metavar="ID")
    parser.add_argument("--ticket")
    parser.add_argument("--approve-until", metavar="TIME")
    parser.add_argument("--reason", required=True)
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    options = parser.parse_args(list(words))
    if options.approve_until is not None:
        check_instant(options.approve_until, "--approve-until")
    names = ("environments", "service", "incident", "ticket", "approve_until", "reason")
    body = {name: found for name in names if (found := getattr(options, name))}
    subjects = subjects_of(options)
    if subjects:
        body["subjects"] = subjects
    answer = decide(settings_of(options), "emergencies", body, "emergency.declared")
    identity = answer.get("emergency")
    if options.json:
        say(json.dumps(answer))
    else:
        say(
            f"declared {identity} at position {answer['position']}; to have it approved by another:"
        )
        say(f"  pipeledger request-approval --emergency {identity}")
    return 0
