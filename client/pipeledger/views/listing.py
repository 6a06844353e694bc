"""Rows of a table: which columns people see, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeledger.page import Page, Table
from pipeledger.readable import amount, duration, instant, name

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeledger.answers import Answer

Cell = tuple[str, str, "Callable[[Any], str]"]


@dataclass(frozen=True)
class Listing:
    """How a table is shown.

    Attributes:
        table: its name.
        title: what its rows are.
        cells: heading, column, and how its value is written.
    """

    table: str
    title: str
    cells: tuple[Cell, ...]


_SPAN: tuple[Cell, ...] = (
    ("from", "effective_from", instant), ("until", "effective_until", instant),
)  # fmt: skip
_LINE: tuple[Cell, ...] = (("service", "service", name), ("environment", "environment", name))
_GOALS: tuple[Cell, ...] = (
    ("RTO", "rto_reached_s", duration), ("wanted", "rto_wanted_s", duration),
    ("kept", "rto_kept", name), ("RPO", "rpo_reached_s", duration),
    ("wanted", "rpo_wanted_s", duration), ("kept", "rpo_kept", name),
)  # fmt: skip
LISTINGS = {
    "deployments": Listing("deployments", "Deployments", (
        ("finished (UTC)", "finished_at", instant), *_LINE, ("kind", "kind", name),
        ("outcome", "outcome", name), ("release", "release", name), ("commit", "commit", name),
        ("team", "team", name), ("deployment", "deployment", name),
    )),
    "failures": Listing("failures", "Failed deployments", (
        ("finished (UTC)", "finished_at", instant), *_LINE, ("rules", "rules", name),
        ("confirmed", "is_confirmed", name), ("recovery", "recovery_s", duration),
        ("by", "recovered_by", name), ("deployment", "deployment", name),
    )),
    "lead-times": Listing("lead_times", "Lead times", (
        ("finished (UTC)", "finished_at", instant), *_LINE, ("commit", "commit", name),
        ("changed (UTC)", "change_time", instant), ("lead time", "lead_s", duration),
    )),
    "incidents": Listing("incidents", "Incidents", (
        ("started (UTC)", "started_at", instant), *_LINE, ("severity", "severity", name),
        ("ended (UTC)", "ended_at", instant), ("impaired", "impaired_s", duration),
        ("cause", "cause", name), ("caused by", "caused_by", name),
        ("incident", "incident", name),
    )),
    "changes": Listing("changes", "Changes", (
        ("merged (UTC)", "merged_at", instant), ("repository", "repository", name),
        ("number", "number", name), ("state", "state", name), ("approval", "approval", name),
        ("reviews", "reviews", amount), ("review", "review_s", duration),
        ("in production (UTC)", "production_at", instant), ("lead time", "lead_s", duration),
    )),
    "reviews": Listing("reviews", "Reviews", (
        ("given (UTC)", "given_at", instant), ("repository", "repository", name),
        ("number", "number", name), ("verdict", "verdict", name), ("of head", "is_of_head", name),
        ("by author", "by_author", name), ("stands", "stands", name),
        ("reviewer", "reviewer", name),
    )),
    "approvals": Listing("approvals", "Approvals", (
        ("decided (UTC)", "decided_at", instant), ("state", "state", name),
        ("subjects", "subjects", name), ("environments", "environments", name),
        ("by", "approvers", name), ("until (UTC)", "granted_until", instant),
        ("here", "is_decided", name), ("approval", "approval", name),
    )),
    "waivers": Listing("waivers", "Waivers", (
        ("granted (UTC)", "granted_at", instant), ("controls", "controls", name),
        ("rules", "rules", name), ("services", "services", name),
        ("environments", "environments", name), ("asked by", "requester", name),
        ("by", "approver", name), ("until (UTC)", "holds_until", instant),
        ("waiver", "waiver", name),
    )),
    "emergencies": Listing("emergencies", "Emergencies", (
        ("declared (UTC)", "declared_at", instant), ("subjects", "subjects", name),
        ("environments", "environments", name), ("incident", "incident", name),
        ("by", "declared_by", name), ("approve until (UTC)", "approve_until", instant),
        ("emergency", "emergency", name),
    )),
    "artifacts": Listing("artifacts", "Artifacts", (
        ("built (UTC)", "built_at", instant), ("digest", "digest", name), ("name", "name", name),
        ("commit", "commit", name), ("scans", "scan_kinds", name),
        ("environments", "environments", name), ("in production (UTC)", "production_at", instant),
    )),
    "tests": Listing("tests", "Tests", (
        ("finished (UTC)", "finished_at", instant), ("service", "services", name),
        ("kind", "kind", name), ("outcome", "outcome", name), ("cases", "cases", amount),
        ("failed", "failed", amount), ("skipped", "skipped", amount),
        ("took", "duration_s", duration), ("tool", "tool", name), ("commit", "commit", name),
    )),
    "scans": Listing("scans", "Scans", (
        ("finished (UTC)", "finished_at", instant), ("service", "services", name),
        ("kind", "kind", name), ("tool", "tool", name), ("outcome", "outcome", name),
        ("found", "found", amount), ("counts", "counts", name), ("target", "target", name),
    )),
    "findings": Listing("findings", "Findings", (
        ("severity", "severity", name), ("rule", "rule", name), ("in", "target", name),
        ("package", "package", name), ("services", "services", name), ("tool", "tool", name),
        ("state", "state", name), ("opened (UTC)", "opened_at", instant),
        ("last seen (UTC)", "last_seen_at", instant), ("closed (UTC)", "closed_at", instant),
    )),
    "running": Listing("running", "What runs", (
        *_LINE, ("since (UTC)", "since", instant), ("release", "release", name),
        ("deployed", "artifacts", name), ("seen", "seen_artifacts", name),
        ("seen at (UTC)", "seen_at", instant), ("ready", "ready", amount),
    )),
    "drift": Listing("drift", "What runs beside what was deployed", (
        *_LINE, ("state", "state", name), ("deployed (UTC)", "since", instant),
        ("seen (UTC)", "seen_at", instant), ("not seen", "not_seen", name),
        ("not deployed", "not_deployed", name),
    )),
    "coverage": Listing("coverage", "Coverage", (
        ("service", "service", name), ("area", "area", name), ("capability", "capability", name),
        ("state", "state", name), ("last (UTC)", "last_at", instant), ("times", "times", amount),
        ("stale after", "stale_after_s", duration), ("tools", "tools", name),
    )),
    "failovers": Listing("failovers", "Failovers", (
        ("started (UTC)", "started_at", instant), *_LINE, ("from", "from_site", name),
        ("to", "to_site", name), ("planned", "planned", name), ("outcome", "outcome", name),
        *_GOALS,
    )),
    "drills": Listing("drills", "Recovery exercises", (
        ("finished (UTC)", "finished_at", instant), *_LINE, ("outcome", "outcome", name), *_GOALS,
    )),
    "restores": Listing("restores", "Trials of restores", (
        ("finished (UTC)", "finished_at", instant), *_LINE, ("outcome", "outcome", name),
        ("verified", "verified", name), ("backup's age", "backup_age_s", duration), *_GOALS,
    )),
    "services": Listing("services", "Services", (
        ("service", "service", name), ("team", "team", name),
        ("criticality", "criticality", name), ("scope", "scope", name),
        ("repositories", "repositories", name), *_SPAN,
    )),
    "environments": Listing("environments", "Environments", (
        ("environment", "environment", name), ("tier", "tier", name),
        ("said by", "basis", name), *_SPAN,
    )),
}  # fmt: skip
"""By the word that asks for them."""


def listing_page(answer: Answer, what: str) -> Page:
    """The rows of a table as a page."""
    listing = LISTINGS[what]
    rows = answer.tables.get(listing.table, [])
    page = Page(f"{listing.title}: {len(rows)}{' and more' if answer.more else ''}")
    if rows:
        headings = tuple(heading for heading, _, _ in listing.cells)
        cells = [tuple(shown(row.get(key)) for _, key, shown in listing.cells) for row in rows]
        page.tables.append(Table(headings, cells))
    return page
