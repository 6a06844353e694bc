"""SARIF 2.1.0 (OASIS): the results of static analysis tools; one `scan.finished` for each run.

Counts are of the elements of `results`, by effective level (section 3.27.10).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.errors import RefusedError, TooLargeError
from intake.ids import commit_of
from intake.instant import told_time
from intake.json_array import Pieces
from intake.json_body import decoded, read_members
from intake.limits import MAX_RUNS
from intake.nesting import check_nesting
from intake.report import Format, Reading
from intake.rows import Rows, named
from intake.sarif_results import finding_of, is_finding, is_suppressed
from intake.sarif_rules import Levels
from intake.sarif_run import Run
from intake.sarif_structure import Log
from intake.scanners import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.buffer import Buffer
    from intake.shape import Shape

_LOG: Final = msgspec.json.Decoder(Log)
LEVELS: Final = ("error", "warning", "note", "none")


def claims(shape: Shape) -> bool:
    """A JSON object with `runs` and SARIF's version, or its schema's name."""
    members = shape.members or {}
    told = f"{shape.text('$schema') or ''} {shape.text('version') or ''}"
    return "runs" in members and ("sarif" in told.lower() or "2.1." in told)


def read(body: Buffer) -> list[Reading]:
    """The readings of a file.

    Raises:
        RefusedError: not SARIF 2.1.0; the place is named.
        TooLargeError: a limit was passed.
    """
    for name, member in read_members(body).items():
        if name != "runs":
            check_nesting(memoryview(member), depth=1)
    log = decoded(_LOG, body)
    if not log.version.startswith("2.1."):
        raise RefusedError("field version", "SARIF 2.1.0 is read, and this is another version")
    readings: list[Reading] = []
    for text in Pieces(memoryview(log.runs), "field runs", depth=1).cut():
        if len(readings) == MAX_RUNS:
            raise TooLargeError("field runs", f"more than {MAX_RUNS} runs")
        readings.append(_reading(Run.read(text, f"runs[{len(readings)}]")))
    if not readings:
        raise RefusedError("field runs", "no run")
    return readings


def _reading(run: Run) -> Reading:
    place = f"field {run.place}"
    driver = run.tool.driver
    tool = named(driver.name)
    if tool is None:
        raise RefusedError(f"{place}.tool.driver.name", "a tool without a name")
    if run.results is None and run.elsewhere is not None and run.elsewhere.results:
        raise RefusedError(
            f"{place}.results", "the results lie in other files; send one whole file"
        )
    levels = Levels(run)
    findings = Rows("findings")
    counts: Counter[str] = Counter()
    suppressed = 0
    for result in run.read_results():
        if not is_finding(result):
            counts["none"] += 1
            continue
        rule = levels.rule_of(result)
        level = levels.level_of(result, rule)
        counts[level] += 1
        suppressed += is_suppressed(result)
        findings.add(finding_of(tool, run, result, rule, level))
    document = findings.document()
    image = (run.properties.image if run.properties else None) or None
    errors = sum(1 for level in _notified(run) if level == "error")
    # Without `results`, even empty ones, nothing was looked for (section 3.14.23).
    failed = run.results is None or any(one.succeeded is False for one in run.invocations or ())
    data: dict[str, Any] = {
        "tool": tool,
        "tool_version": named(driver.version or driver.semantic_version),
        "kind": kind_of(tool, image=image is not None),
        "outcome": "error" if errors or failed else "success",
        "counts": {level: counts[level] for level in LEVELS},
        "counted": "results by effective level",
        "suppressed": suppressed,
        "rules": levels.declared,
        "errors": errors or None,
        "target": named(image) or _category(run),
        "findings": document.digest if document else None,
        "findings_count": len(findings),
    }
    data |= _origin(run)
    ended = [one.ended for one in run.invocations or () if one.ended]
    started = [one.started for one in run.invocations or () if one.started]
    begun = told_time(min(started)) if started else None
    data["started_at"] = begun.time if begun else None
    told = told_time(max(ended)) if ended else begun
    return Reading(
        type="pipeledger.scan.finished.v1",
        data={name: value for name, value in data.items() if value is not None},
        time=told.time if told else None,
        local_time=told.local if told else None,
        documents=(document,) if document else (),
    )


def _category(run: Run) -> str | None:
    """Which of several analyses by one tool (section 3.17.3): one a language, one a folder.

    The last step of its id is of this run alone.
    """
    told = run.automation.id if run.automation is not None else None
    return named((told or "").rpartition("/")[0].strip("/"))


def _notified(run: Run) -> Iterator[str]:
    """Levels of what the tool reports about itself (sections 3.20.20 and 3.20.21)."""
    for one in run.invocations or ():
        for notice in (*(one.execution or ()), *(one.configuration or ())):
            yield notice.level or "warning"


def _origin(run: Run) -> dict[str, Any]:
    """What was scanned, where the file says it (section 3.14.14)."""
    if not run.origins or len(run.origins) != 1:
        return {}
    (origin,) = run.origins
    return {
        "repository": named(origin.repository),
        "ref": named(origin.branch),
        "commit": commit_of(origin.revision),
    }


FORMAT: Final = Format("sarif", "SARIF 2.1.0", "application/sarif+json", claims, read, read)
