"""`pipeledger report`: what controls came to, as one page from the server."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeledger.answers import fetch
from pipeledger.commands.common import parser_of, say, settings_of, time_of
from pipeledger.durable import replace
from pipeledger.errors import AwayError

if TYPE_CHECKING:
    from collections.abc import Sequence

HTML = "text/html"
_TIMES = ("from", "to")
_FILTERS = ("service", "team", "environment", "repository")
_EPILOG = """\
Times are days (2026-01-31), RFC 3339, or 36h, 7d before now; without them, the last 90 days. The
page needs nothing else, prints, and says how to verify it.

  pipeledger report --output compliance.html
  pipeledger report --framework NIST-800-53r5 --from 2026-01-01 --to 2026-04-01 --output q1.html
"""


def main(words: Sequence[str]) -> int:
    """Fetch and write; the exit status."""
    parser = parser_of("report", "Write what controls came to as one page.", _EPILOG)
    parser.add_argument("--framework", action="append", metavar="F", help="repeatable; all")
    for name in _TIMES:
        parser.add_argument(f"--{name}", dest=name, metavar="TIME")
    parser.add_argument("--known-at", metavar="TIME|POSITION", help="what the ledger knew then")
    for name in _FILTERS:
        parser.add_argument(f"--{name}", help="only of this one")
    parser.add_argument("--output", type=Path, metavar="FILE.html", required=True)
    options = parser.parse_args(list(words))
    now = datetime.now(UTC).replace(microsecond=0)
    query: dict[str, str | list[str]] = {
        name: time_of(said, f"--{name}", now)
        for name in (*_TIMES, "known_at") if (said := getattr(options, name)) is not None
    }  # fmt: skip
    query |= {
        name: said for name in _FILTERS
        if (said := getattr(options, name)) is not None
    }  # fmt: skip
    if options.framework:
        query["framework"] = options.framework
    got = fetch(settings_of(options), "report", query, HTML)
    position = got.headers.get("pipeledger-position", "")
    if not got.headers.get("content-type", "").startswith(HTML) or not position.isdigit():
        raise AwayError("what answered is no ledger: its answer is no report")
    replace(options.output.absolute(), got.body)
    say(f"{options.output} is written, as of position {position}")
    return 0
