"""`pipeledger trace`: one line from source to recovery, and what is missing of it."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from pipeledger.answers import JSON, fetch, read_answer
from pipeledger.ci import job_of
from pipeledger.commands.common import parser_of, settings_of, time_of
from pipeledger.commands.query import show
from pipeledger.durable import replace
from pipeledger.errors import UsageError
from pipeledger.views.trace import trace_page

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\
WHAT is a commit (seven digits or more), an artifact's digest, a deployment's id, a change (pull or
merge request) as REPOSITORY#NUMBER or by the address of its page, or a ticket; in a CI job, the
job's commit where nothing is named. Each gap comes with the line that fills it.

  pipeledger trace 4f2a91c
  pipeledger trace sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  pipeledger trace acme/shop#7
  pipeledger trace https://code.example/acme/shop/pull/7
"""


def main(words: Sequence[str]) -> int:
    """Ask and show; the exit status."""
    parser = parser_of("trace", "Show the line of one thing, from source to recovery.", _EPILOG)
    parser.add_argument("what", metavar="WHAT", nargs="?", default="")
    parser.add_argument("--known-at", metavar="TIME|POSITION", help="what the ledger knew then")
    parser.add_argument("--json", action="store_true", help="the whole answer, which verify takes")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write it there, as JSON")
    options = parser.parse_args(list(words))
    settings = settings_of(options)
    what = options.what or str(job_of(os.environ).facts.get("commit", ""))
    if not what:
        raise UsageError("WHAT: expected a commit, digest, deployment, change or ticket")
    now = datetime.now(UTC).replace(microsecond=0)
    query = {"known_at": time_of(options.known_at, "--known-at", now)} if options.known_at else {}
    got = fetch(settings, f"trace/{quote(what, safe='')}", query, JSON)
    if options.output:
        replace(options.output.absolute(), got.body)
    elif options.json:
        sys.stdout.write(got.body.decode("utf-8", "replace") + "\n")
    else:
        answer = read_answer(got.body)
        show(trace_page(json.loads(got.body).get("trace")), answer, settings)
    return 0
