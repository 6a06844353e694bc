"""`pipeledger query`: what the ledger knows of the past, as tables with their proof."""

from __future__ import annotations

import os
import re
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from pipeledger.answers import CSV, JSON, ask, fetch, proof_lines
from pipeledger.commands.common import parser_of, say, settings_of, time_of, warn
from pipeledger.durable import replace
from pipeledger.errors import UsageError
from pipeledger.page import Branch, is_ours
from pipeledger.summary import add_to_summary
from pipeledger.views.compliance import COLOURS, compliance_page
from pipeledger.views.coverage import coverage_page
from pipeledger.views.listing import LISTINGS, listing_page
from pipeledger.views.metrics import dora_page, mttr_page

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from pipeledger.answers import Answer
    from pipeledger.page import Page
    from pipeledger.settings import Settings

COMPLIANCE = "compliance"
STREAM = "stream"
ENTRY = "entry"
METRICS: dict[str, Callable[[Answer], Page]] = {"dora": dora_page, "mttr": mttr_page}
_WHOLE = frozenset({"coverage"})
"""Tables whose rows say something together only."""
_EPILOG = """\
Numbers kept as JSON come with what each of them was made of; --evidence --csv gives these rows.
Times are days (2026-01-31), RFC 3339, or 36h, 7d before now. --known-at asks what the ledger knew
then: a time or a position. An answer kept with --output FILE can be verified later:

  pipeledger query dora --service checkout --from 90d
  pipeledger query dora --group-by team --baseline-from 2025-10-01 --baseline-to 2026-01-01
  pipeledger query dora --from 90d --csv --evidence --output evidence.csv
  pipeledger query deployments --environment production --from 7d --csv --output deployments.csv
  pipeledger query compliance SOC2-TSC-2017r2022 CC8.1 --sample 25 --seed 7 --output sample.json
  pipeledger query stream line/checkout@production --output stream.json

One entry by its position, with what proves it; kept, it is verified without the ledger:

  pipeledger query entry 41
  pipeledger query entry 41 --output 41.pipeledger.json
"""
_POSITION = re.compile("[1-9][0-9]{0,18}", re.ASCII)
_PEOPLE = 50
_MOST = 10_000
_TIMES = ("from", "to", "at", "baseline_from", "baseline_to")
_FILTERS = ("service", "team", "environment", "repository")
_ITEMS = ("outcome", "sample", "seed", "strata")
_METRIC = ("tz", "bucket", "group_by", "attribution_window_s", "commit_time_basis",
           "infer_rollback", "count_redeploys", "stale_after_s")  # fmt: skip


def main(words: Sequence[str]) -> int:
    """Ask and show; the exit status."""
    parser = parser_of("query", "Ask what the ledger knows of the past.", _EPILOG)
    parser.add_argument("what", choices=[*LISTINGS, *METRICS, COMPLIANCE, STREAM, ENTRY])
    parser.add_argument(
        "framework",
        nargs="?",
        help="of compliance: one framework; of stream: its name; of entry: its position",
    )
    parser.add_argument("control", nargs="?", help="and one control of it, item by item")
    for name in _TIMES:
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, metavar="TIME")
    parser.add_argument("--known-at", metavar="TIME|POSITION", help="what the ledger knew then")
    for name in _FILTERS:
        parser.add_argument(f"--{name}", help="only of this one")
    parser.add_argument("--tz", metavar="ZONE", help="of days and weeks (UTC)")
    parser.add_argument("--bucket", choices=["day", "week", "month"], help="a series, too")
    parser.add_argument("--group-by", choices=_FILTERS, help="numbers of each")
    parser.add_argument("--attribution-window-s", metavar="SECONDS", help="(86400)")
    parser.add_argument("--commit-time-basis", choices=["authored", "committed", "merged"])
    parser.add_argument("--infer-rollback", choices=["true", "false"], help="(true)")
    parser.add_argument("--count-redeploys", choices=["true", "false"], help="(false)")
    parser.add_argument("--stale-after-s", metavar="SECONDS", help="of coverage (by capability)")
    parser.add_argument(
        "--evidence", action="store_true", help="with --csv: what numbers are made of"
    )
    parser.add_argument("--limit", type=int, metavar="ROWS", help=f"({_PEOPLE}; files {_MOST})")
    parser.add_argument("--outcome", choices=[*COLOURS], help="of a control's items")
    parser.add_argument("--sample", metavar="ITEMS", help="of each test of a control; with --seed")
    parser.add_argument("--seed", metavar="WORD", help="your own: who has it draws the same again")
    parser.add_argument("--strata", choices=["service", "outcome"], help="of a sample (service)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the whole answer, which verify takes")
    form.add_argument("--csv", action="store_true", help="the rows")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write there (JSON, or --csv, as for FILE.csv)"
    )
    options = parser.parse_args(list(words))
    settings = settings_of(options)
    if options.what == STREAM:
        return _stream(options, settings)
    if options.what == ENTRY:
        return _entry(options, settings)
    if options.output and options.output.suffix == ".csv" and not (options.csv or options.json):
        options.csv = True
    if options.evidence and not (options.csv and options.what in METRICS):
        raise UsageError("--evidence goes with --csv and a metric; JSON has it anyway")
    path = _path(options)
    if options.json or options.csv or options.output:
        return _keep(options, settings, path)
    answer = ask(settings, path, _query(options, _MOST if options.what in _WHOLE else _PEOPLE))
    if options.what == COMPLIANCE:
        page = compliance_page(answer, options.framework, options.control)
    elif options.what in METRICS:
        page = METRICS[options.what](answer)
    else:
        page = _list(answer, options.what)
    show(page, answer, settings)
    return 0


def _stream(options: argparse.Namespace, settings: Settings) -> int:
    from pipeledger.streams import (  # noqa: PLC0415 - the other questions do without
        fetch_stream,
        stream_file,
        stream_lines,
    )

    if not options.framework or options.control or options.csv:
        raise UsageError("query stream: expected the name of a stream, and no --csv")
    whole = fetch_stream(settings, options.framework)
    if options.output:
        replace(options.output.absolute(), stream_file(whole))
    elif options.json:
        sys.stdout.write(stream_file(whole).decode())
    else:
        for line in stream_lines(whole, settings):
            say(line)
    return 0


def _entry(options: argparse.Namespace, settings: Settings) -> int:
    from pipeledger.proved import (  # noqa: PLC0415 - the other questions do without
        check_shown,
        fetch_proved,
    )
    from pipeledger.views.entry import entry_page  # noqa: PLC0415 - as above

    said = options.framework or ""
    if _POSITION.fullmatch(said) is None or options.control or options.csv:
        raise UsageError("query entry: expected a position such as 41, and no --csv")
    raw = fetch_proved(settings, int(said))
    if options.output:
        replace(options.output.absolute(), raw)
    elif options.json:
        sys.stdout.write(raw.decode("utf-8", "replace") + "\n")
    else:
        _tell(entry_page(check_shown(raw, int(said), settings)))
    return 0


def show(page: Page, answer: Answer, settings: Settings) -> None:
    """Show a page with the proof of its answer, and add it to the CI job's own page.

    Raises:
        ClientError: the answer is not of the ledger whose keys are pinned.
    """
    if answer.empty:
        run = answer.empty.get("run", "")
        below = [Branch("", paste=run)] if is_ours(run) else []
        page.branches.append(Branch(answer.empty.get("why", "nothing"), below=below))
    page.proof = proof_lines(answer, settings)
    _tell(page)


def _tell(page: Page) -> None:
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    sys.stdout.write(page.text(width, coloured=width is not None and "NO_COLOR" not in os.environ))
    if problem := add_to_summary(page, os.environ):
        warn(problem)


def _path(options: argparse.Namespace) -> str:
    if options.what in METRICS:
        words = ["metrics", options.what]
    else:
        words = [options.what, *filter(None, (options.framework, options.control))]
    if options.framework is not None and options.what != COMPLIANCE:
        raise UsageError(f"query {options.what}: nothing stands behind it but options")
    if options.control is None:
        for name in _ITEMS:
            if getattr(options, name) is not None:
                raise UsageError(f"--{name}: of the items of one control")
    return "/".join(quote(word, safe="") for word in words)


def _list(answer: Answer, what: str) -> Page:
    page = coverage_page(answer) if what == "coverage" else listing_page(answer, what)
    if answer.more:
        page.notes.append("the newest are shown; more by --limit, --from and --to")
    return page


def _keep(options: argparse.Namespace, settings: Settings, path: str) -> int:
    query = _query(options, _MOST) | _behind(options)
    got = fetch(settings, path, query, CSV if options.csv else JSON)
    if options.output:
        replace(options.output.absolute(), got.body)
    else:
        sys.stdout.write(got.body.decode("utf-8", "replace") + ("" if options.csv else "\n"))
    if 'rel="next"' in got.headers.get("link", ""):
        warn("there are more rows than these: choose a window with --from and --to")
    return 0


def _query(options: argparse.Namespace, limit: int) -> dict[str, str]:
    now = datetime.now(UTC).replace(microsecond=0)
    query: dict[str, str] = {}
    told = (*_TIMES, "known_at")
    for name in (*told, *_FILTERS, *_METRIC, *_ITEMS):
        said = getattr(options, name)
        if said is not None:
            query[name] = time_of(said, f"--{name}", now) if name in told else said
    if options.what in LISTINGS:
        query["limit"] = str(options.limit or limit)
        query["order"] = "newest"
    elif options.control is not None and options.sample is None:
        query["limit"] = str(options.limit or limit)
    return query


def _behind(options: argparse.Namespace) -> dict[str, str]:
    """That what a metric's numbers are made of is wanted with them, where that can be kept."""
    if options.what not in METRICS or (options.csv and not options.evidence):
        return {}
    return {"evidence": "true", "limit": str(options.limit or _MOST)}
