"""`pipeledger request-approval`: ask for an approval."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from pipeledger.ci import job_of
from pipeledger.commands.common import parser_of, say, settings_of
from pipeledger.deciding import add_subjects, decide, subjects_of
from pipeledger.words import check_instant

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

_EPILOG = """\
In a CI job the job's commit is approved where nothing is named, and run, repository, address and
actor are filled in: who started the job cannot grant what it asks for. Nor can who made it: its
authors as far as the ledger knows them, and whom --author names.

  pipeledger request-approval --artifact sha256:9f86... --environment production
  pipeledger request-approval --release 1.4.0 --service shop --role security --role product
"""
_TIMES = {"valid_from": "--valid-from", "valid_until": "--valid-until"}
_JOB = ("repository", "run", "url", "actor")


def main(words: Sequence[str]) -> int:
    """Ask; the exit status."""
    parser = parser_of("request-approval", "Ask for an approval.", _EPILOG)
    add_subjects(parser)
    parser.add_argument("--environment", action="append", default=[], dest="environments",
                        metavar="NAME", help="where it may go; repeat it")  # fmt: skip
    parser.add_argument("--valid-from", metavar="TIME", help="it holds from then on")
    parser.add_argument(
        "--valid-until", metavar="TIME", help="it holds, and is granted, until then"
    )
    parser.add_argument("--role", action="append", default=[], dest="roles", metavar="ROLE",
                        help="a person in this role has to approve; repeat it")  # fmt: skip
    parser.add_argument("--required", type=int, metavar="N", help="persons who have to (1)")
    parser.add_argument("--author", action="append", default=[], dest="authors", metavar="WHO",
                        help="who made it: login or e-mail address; repeat it")  # fmt: skip
    parser.add_argument("--emergency", metavar="ID", help="that is approved afterwards")
    parser.add_argument("--service", help="whose release, plan or configuration it is")
    parser.add_argument("--ticket")
    parser.add_argument("--reason")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    options = parser.parse_args(list(words))
    for name, option in _TIMES.items():
        if getattr(options, name) is not None:
            check_instant(getattr(options, name), option)
    answer = decide(
        settings_of(options), "approvals", _body(options, job_of(os.environ).facts),
        "approval.requested",
    )  # fmt: skip
    identity = answer.get("approval")
    if options.json:
        say(json.dumps(answer))
    else:
        say(f"requested {identity} at position {answer['position']}; somebody else grants it:")
        say(f"  pipeledger approve {identity}")
    return 0


def _body(options: argparse.Namespace, job: Mapping[str, Any]) -> dict[str, Any]:
    names = ("environments", *_TIMES, "roles", "required", "authors", "emergency", "service",
             "ticket", "reason")  # fmt: skip
    said = {name: found for name in names if (found := getattr(options, name))}
    subjects = subjects_of(options)
    if not subjects and not options.emergency and job.get("commit"):
        subjects = [{"kind": "commit", "commit": job["commit"]}]
    told = {name: job[name] for name in _JOB if name in job}
    return told | said | ({"subjects": subjects} if subjects else {})
