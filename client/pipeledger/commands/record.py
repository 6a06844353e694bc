"""`pipeledger record`: report files, recognised by what is in them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from pipeledger.bodies import UnreadableError
from pipeledger.ci import job_of
from pipeledger.commands.common import (
    add_delivery_options,
    attempt,
    delivery_of,
    parser_of,
    say,
    settings_of,
    source_of,
    warn,
)
from pipeledger.errors import UsageError
from pipeledger.event import new_id, short_type
from pipeledger.names import is_text
from pipeledger.reports import find_reports
from pipeledger.spool import REPORT, REPORT_TYPE, Item
from pipeledger.verifier.shown import printable
from pipeledger.words import check_instant

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pipeledger.reports import ReportFile
    from pipeledger.settings import Settings

_EPILOG = """\
Folders are searched, gzip and zip are unpacked, patterns may stand in quotation marks, - is
standard input. For each file it says what the ledger recognised and recorded. All facts of a file
are recorded together or not at all.

Exit status: 0 done, or kept for later, or refused with a warning; 1 with --strict: a file is away,
damaged or refused, or none was recorded (what lies in a folder or archive and is no report is only
passed over); 2 a wrong word, or a name that names nothing.

  pipeledger record reports/ --service checkout --artifact sha256:...
  semgrep --sarif . | pipeledger record - --service checkout
"""
_REPEATED = 200


def main(words: Sequence[str]) -> int:
    """Send report files; the exit status."""
    parser = parser_of("record", "Send report files: test results, scans.", _EPILOG)
    parser.add_argument("files", metavar="FILE|DIR|-", nargs="+")
    parser.add_argument("--format", help="what they are, where it is not to be recognised")
    parser.add_argument("--service")
    parser.add_argument("--environment")
    parser.add_argument("--commit", metavar="SHA")
    parser.add_argument("--artifact", metavar="DIGEST")
    parser.add_argument("--run")
    parser.add_argument("--kind", help="of tests or scan, where the file does not say: unit, sast")
    parser.add_argument("--at", metavar="TIME", help="when it was, where the file does not say")
    parser.add_argument("--json", action="store_true", help="one JSON object a file")
    add_delivery_options(parser)
    options = parser.parse_intermixed_args(list(words))
    settings = settings_of(options)
    query = _query(options, settings)
    delivery = delivery_of(settings)
    failed = taken = found = 0
    for report in find_reports(options.files):
        found += 1
        if report.problem:
            warn(f"{report.name}: {report.problem}")
            failed = max(failed, 1 if settings.strict else 0)
            continue
        try:
            item = _item(report, query, settings)
            # What only happened to lie in a folder need not be a report.
            sent, status = attempt(delivery, item, None if report.named else _no_report)
        except UnreadableError as error:
            warn(f"{report.name}: {error}")
            failed = max(failed, 1 if settings.strict else 0)
            continue
        failed = max(failed, status)
        if sent is not None:
            taken += 1
            say(
                _json(report.name, sent.answer) if options.json else _line(report.name, sent.answer)
            )
    if not found:
        warn("there is no file to record")
        return 1 if settings.strict else 0
    if found > 1 and not options.json:
        say(f"{taken} of {found} files recorded")
    return failed if taken or not settings.strict else 1


def _no_report(problem: str) -> bool:
    return "no format is recognised" in problem


def _query(options: argparse.Namespace, settings: Settings) -> dict[str, str]:
    job = job_of(os.environ)
    facts = job.facts
    query = {
        "format": options.format,
        "source": source_of(settings, job),
        "service": options.service,
        "environment": options.environment,
        "repository": facts.get("repository"),
        "commit": options.commit or facts.get("commit"),
        "artifact": options.artifact,
        "run": options.run or facts.get("run"),
        "kind": options.kind,
        "at": check_instant(options.at) if options.at else None,
    }
    words = {name: str(value) for name, value in query.items() if value}
    for name, word in words.items():
        if not is_text(word):
            raise UsageError(f"{name} {printable(word[:80])}: no text in UTF-8")
    return words


def _item(report: ReportFile, query: dict[str, str], settings: Settings) -> Item:
    return Item(REPORT, settings.url, settings.ledger, new_id(), report.name,
                REPORT_TYPE, report, query, mark=settings.mark)  # fmt: skip


def _line(name: str, answer: dict[str, Any]) -> str:
    recognised = answer.get("recognised")
    said = ""
    if isinstance(recognised, dict):
        tool = " ".join(str(recognised[key]) for key in ("tool", "version") if recognised.get(key))
        said = f"{recognised.get('format', 'a report')}{f' of {tool}' if tool else ''}"
    rows = answer.get("receipts")
    events = (
        [_event(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    )
    return f"{name}: {said or 'recorded'}: {', '.join(events) or 'no event'}"


def _event(row: dict[str, Any]) -> str:
    receipt = row.get("receipt", row)
    if not isinstance(receipt, dict) or "position" not in receipt:
        problem = row.get("problem")
        detail = problem.get("detail", "refused") if isinstance(problem, dict) else "refused"
        return f"refused ({detail})"
    try:
        kind = short_type(json.loads(receipt["ctx"])["type"])
    except (KeyError, TypeError, ValueError, RecursionError):
        kind = "event"
    known = "already " if row.get("status") == _REPEATED else ""
    return f"{kind} {known}at position {receipt['position']}"


def _json(name: str, answer: dict[str, Any]) -> str:
    return json.dumps({"file": name, **answer})
