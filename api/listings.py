"""What of the past can be asked for: tables that are listed, and metrics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from api.asking import FILTERS
from api.emptiness import Origin
from domain.errors import RefusedError
from projections.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from api.asking import ListQuestion, Question


@dataclass(frozen=True, slots=True)
class Listing:
    """How a table is listed.

    Attributes:
        filters: words that a question may choose by, and the column that each is of; one that
            ends in `[]` is a list.
        origin: where its rows come from.
        span: columns of the span in which a row holds, for questions about an instant.
        of_instant: the whole table is of one instant.
        ages: what it says changes as time goes by, so that instant is the present one unless
            another is chosen.
    """

    filters: Mapping[str, str]
    origin: Origin
    span: tuple[str, str] | None = None
    of_instant: bool = False
    ages: bool = False

    def matching(self, asked: Question) -> Selection:
        """All rows that match what a question is narrowed by, the newest first.

        Raises:
            RefusedError: it is narrowed by something that these rows do not have.
        """
        chosen = {self.filters[name]: told for name, told in asked.equals(*self.filters).items()}
        return replace(
            self.origin.rows,
            equals={column: told for column, told in chosen.items() if not column.endswith("[]")},
            contains={
                column[:-2]: told for column, told in chosen.items() if column.endswith("[]")
            },
        )

    def selection(self, asked: ListQuestion) -> Selection:
        """The page of rows that a question wants.

        Raises:
            RefusedError: it chooses by something that these rows do not have.
        """
        in_window = asked.since is not None or asked.to is not None
        if in_window and self.origin.instant is None:
            raise RefusedError("query from", "these rows are of no instant; choose one by at")
        if asked.at is not None and self.span is None and not self.of_instant:
            raise RefusedError("query at", "these rows hold at no instant; choose by from and to")
        if asked.stale_after_s is not None and not self.ages:
            raise RefusedError("query stale_after_s", "these rows do not age")
        rows = self.matching(asked)
        columns = tuple(column.removeprefix("-") for column in rows.order)
        return replace(
            rows,
            holding=self.span if asked.at is not None else None,
            during=self.origin.instant if in_window else None,
            order=columns if self.origin.instant is None else asked.ordered(columns),
            offset=asked.offset,
            limit=asked.limit,
        )

    def chosen(self, asked: ListQuestion, now: datetime) -> dict[str, Any]:
        """The parameters of the answer.

        Raises:
            RefusedError: an instant is none.
        """
        told: dict[str, Any] = dict(asked.window())
        if self.ages:
            told.setdefault("at", now.replace(minute=0, second=0, microsecond=0))
            if asked.stale_after_s is not None:
                told["stale_after_s"] = asked.stale_after_s
        return told


def _rows(table: str, *order: str) -> Selection:
    """All rows of a table, the newest first."""
    return Selection(table, order=tuple(f"-{name}" for name in order))


def _same(*names: str) -> dict[str, str]:
    """Words that stand for columns of their own names."""
    return {name: name for name in names}


def _origin(what: str, table: str, keys: str, run: str, *, dated: bool = True) -> Origin:
    """Rows by what one is called, the columns that order them, and the event that makes one.

    Args:
        what: one of them, in words.
        table: its table.
        keys: columns that put rows in order and tell them apart, by spaces.
        run: arguments of `pipeledger` that make one.
        dated: the first of the columns is the instant of a row.
    """
    order = keys.split()
    return Origin(what, _rows(table, *order), order[0] if dated else None, f"pipeledger {run}")


_SPAN: Final = ("effective_from", "effective_until")
_DEPLOY: Final = (
    "emit deployment.finished deployment=ID service=NAME environment=NAME outcome=success"
)
_OF_SERVICES: Final = {"service": "services[]", "repository": "repository"}
_OF_LINE: Final = _same("service", "team", "environment")
LISTINGS: Final = {
    "deployments": Listing(
        _same(*FILTERS),
        _origin("deployment", "deployments", "finished_at deployment_key", _DEPLOY),
    ),
    "failures": Listing(
        _same(*FILTERS),
        _origin("failed deployment", "failures", "finished_at deployment_key", _DEPLOY),
    ),
    "lead-times": Listing(
        _same(*FILTERS),
        _origin(
            "deployed change", "lead_times", "finished_at line change_key commit",
            "import git REPOSITORY --service NAME",
        ),
    ),
    "incidents": Listing(
        _OF_LINE | {"service": "services[]"},
        _origin(
            "incident", "incidents", "started_at incident_key",
            "emit incident.opened incident=ID service=NAME environment=NAME",
        ),
    ),
    "changes": Listing(
        _OF_SERVICES,
        _origin(
            "merged change", "changes", "merged_at change_key",
            "emit change.merged repository=URL number=N merge_commit=SHA merged_at=TIME",
        ),
    ),
    "reviews": Listing(
        _same("repository"),
        _origin(
            "review", "reviews", "given_at position",
            "emit change.reviewed repository=URL number=N reviewer.login=NAME verdict=approved",
        ),
    ),
    "approvals": Listing(
        _same("service", "repository") | {"environment": "environments[]"},
        _origin(
            "approval", "approvals", "decided_at approval_key",
            "emit approval approval=ID artifact=DIGEST environment=production",
        ),
    ),
    "waivers": Listing(
        {"service": "services[]", "environment": "environments[]"},
        replace(
            _origin("waiver", "waivers", "granted_at waiver", ""),
            run="pipeledger-server waiver grant --control VUL-01 --expires 90d --reason WHY",
        ),
        ("holds_from", "holds_until"),
    ),
    "emergencies": Listing(
        _same("service") | {"environment": "environments[]"},
        _origin(
            "emergency", "emergencies", "declared_at emergency",
            "declare-emergency --environment production --reason WHY",
        ),
    ),
    "artifacts": Listing(
        _OF_SERVICES | {"environment": "environments[]"},
        _origin(
            "artifact", "artifacts", "built_at digest", "emit build artifact=DIGEST commit=SHA"
        ),
        of_instant=True,
    ),
    "tests": Listing(
        _OF_SERVICES | _same("environment"),
        _origin("run of tests", "tests", "finished_at position", "record junit.xml --service NAME"),
    ),
    "scans": Listing(
        _OF_SERVICES | _same("environment"),
        _origin("scan", "scans", "finished_at position", "record results.sarif --service NAME"),
    ),
    "findings": Listing(
        _OF_SERVICES | _same("environment"),
        _origin(
            "finding", "findings", "last_seen_at finding_key", "record results.sarif --service NAME"
        ),
        of_instant=True,
    ),
    "running": Listing(
        _OF_LINE,
        _origin(
            "running service", "running", "line", "snapshot kubernetes ENVIRONMENT", dated=False
        ),
        of_instant=True,
    ),
    "drift": Listing(
        _OF_LINE,
        _origin(
            "deployed service", "drift", "line", "snapshot kubernetes ENVIRONMENT", dated=False
        ),
        of_instant=True,
    ),
    "coverage": Listing(
        _same("service", "team"),
        _origin(
            "service", "coverage", "service place", "record results.sarif --service NAME",
            dated=False,
        ),
        of_instant=True, ages=True,
    ),
    "failovers": Listing(
        _same("service", "environment"),
        _origin(
            "failover", "failovers", "started_at failover_key",
            "emit failover service=NAME environment=NAME from_site=A to_site=B",
        ),
    ),
    "drills": Listing(
        _same("service", "environment"),
        _origin(
            "recovery exercise", "drills", "finished_at drill_key",
            "emit drill service=NAME environment=NAME",
        ),
    ),
    "restores": Listing(
        _same("service", "environment"),
        _origin(
            "trial of a restore", "restores", "finished_at position",
            "emit restore service=NAME environment=NAME",
        ),
    ),
    "services": Listing(
        _same("service", "team") | {"repository": "repositories[]"},
        _origin("service", "services", "service effective_from", _DEPLOY, dated=False),
        _SPAN,
    ),
    "environments": Listing(
        _same("environment"),
        _origin("environment", "environments", "environment effective_from", _DEPLOY, dated=False),
        _SPAN,
    ),
}  # fmt: skip
"""Tables that are listed, by the last word of their path."""


@dataclass(frozen=True, slots=True)
class Metric:
    """How a metric is answered.

    Attributes:
        tables: that answer it, the main one first.
        counted: columns of the main one that are all zero where there is nothing to tell.
        of: the rows that it is counted of; it may be narrowed and grouped by what these are.
        evidence: what stands behind each of its numbers, row by row.
    """

    tables: tuple[str, ...]
    counted: tuple[str, ...]
    of: Listing
    evidence: Selection


_EVIDENCE: Final = Selection(
    "dora_evidence", order=("part", "window_from", "group_key", "metric", "role", "key")
)
METRICS: Final = {
    "dora": Metric(
        ("dora", "comparison", "window_gaps"),
        ("counted", "attempts_failed", "impact_unknown"), LISTINGS["deployments"],
        _EVIDENCE,
    ),
    "mttr": Metric(
        ("mttr",), ("incidents", "open"), LISTINGS["incidents"],
        replace(_EVIDENCE, equals={"metric": "mttr"}),
    ),
}  # fmt: skip
"""By the last word of their path."""
