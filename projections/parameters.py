"""What may be chosen about an answer: one row, which every definition may read.

Some of it changes what is taken to have happened: the rules, which are a row of their own. What
reads no other choice is the same whatever one asks (`projections.settled`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import pyarrow as pa

from domain.errors import RefusedError

if TYPE_CHECKING:
    from typing import Self

FIRST: Final = datetime(1, 1, 2, tzinfo=UTC)
LAST: Final = datetime(9999, 12, 30, tzinfo=UTC)
_MOST_BUCKETS: Final = timedelta(days=3660)
_INSTANT: Final = pa.timestamp("us", "UTC")
_KINDS: Final = {
    "known_at": pa.int64(), "attribution_window_s": pa.int64(), "stale_after_s": pa.int64(),
    "infer_rollback": pa.bool_(), "count_redeploys": pa.bool_(),
    "window_from": _INSTANT, "window_to": _INSTANT, "at": _INSTANT,
    "baseline_from": _INSTANT, "baseline_to": _INSTANT,
}  # fmt: skip
RULES: Final = (
    "attribution_window_s", "infer_rollback", "commit_time_basis", "count_redeploys",
)  # fmt: skip
"""Names of the parameters that are the rules' own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The parameters of an answer (dora-rules section 3 for those of the metrics).

    Attributes:
        known_at: position up to which the ledger is read.
        window_from: first instant of the window of event time.
        window_to: first instant after it.
        at: the instant at which a state is wanted.
        tz: time zone of days and weeks, by its IANA name.
        bucket: length of the steps of a series, or `none`.
        attribution_window_s: seconds after a deployment within which an incident without a cause
            is taken for its doing; 0: never.
        infer_rollback: tell rollbacks by what is deployed, where nobody says so.
        commit_time_basis: which of a commit's times lead time begins with.
        count_redeploys: count deployments that changed nothing.
        baseline_from: first instant of a window to compare with, or None.
        baseline_to: first instant after it, or None.
        group_by: what numbers are grouped by.
        service: only of this service.
        team: only of this team's services.
        environment: only of this environment.
        repository: only of this repository.
        release: only what is about this release, `service@version`; of controls alone.
        stale_after_s: seconds after which what covered a service covers it no more; None: what is
            usual for each capability.
        trace: what is traced: a commit (also its first digits), digest, deployment, change or
            ticket.
        controls: which tests of controls are made, with which parameters
            (`projections.asked_controls`).
    """

    known_at: int
    window_from: datetime = FIRST
    window_to: datetime = LAST
    at: datetime = LAST
    tz: str = "UTC"
    bucket: Literal["none", "day", "week", "month"] = "none"
    attribution_window_s: int = 86_400
    infer_rollback: bool = True
    commit_time_basis: Literal["authored", "committed", "merged"] = "authored"
    count_redeploys: bool = False
    baseline_from: datetime | None = None
    baseline_to: datetime | None = None
    group_by: Literal["none", "team", "service", "environment", "repository"] = "none"
    service: str | None = None
    team: str | None = None
    environment: str | None = None
    repository: str | None = None
    release: str | None = None
    stale_after_s: int | None = None
    trace: str | None = None
    controls: str | None = None

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.tz)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise RefusedError("query tz", "no time zone of this name is known") from None
        if self.window_from >= self.window_to:
            raise RefusedError("query to", "expected an instant after from")
        if (self.baseline_from is None) != (self.baseline_to is None):
            raise RefusedError("query baseline_to", "baseline_from and baseline_to go together")
        if self.baseline_from and self.baseline_to and self.baseline_from >= self.baseline_to:
            raise RefusedError("query baseline_to", "expected an instant after baseline_from")
        if self.bucket != "none" and self.window_to - self.window_from > _MOST_BUCKETS:
            raise RefusedError("query bucket", "expected from and to at most 3660 days apart")

    def row(self) -> pa.Table:
        """The one row of the table `parameters`."""
        return _row(asdict(self))

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The first instant of all windows, and the first one after them."""
        begins = (self.window_from, self.baseline_from or self.window_from)
        ends = (self.window_to, self.baseline_to or self.window_to)
        return min(begins), max(ends)

    def rules(self) -> dict[str, Any]:
        """The rules' own parameters."""
        return {name: getattr(self, name) for name in RULES}

    def rules_row(self) -> pa.Table:
        """The one row of the table `chosen_rules`."""
        return _row(self.rules())

    def told(self) -> dict[str, Any]:
        """The parameters as an answer states them: JSON values, what was left open left out."""
        left_open = {name for name, value in asdict(self).items() if value in (FIRST, LAST, None)}
        told: dict[str, Any] = msgspec.to_builtins(self)
        return {name: value for name, value in told.items() if name not in left_open}

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """The parameters that `told` made.

        Raises:
            msgspec.ValidationError: they are no such parameters.
        """
        return msgspec.convert(told, cls)


def _row(values: dict[str, Any]) -> pa.Table:
    return pa.table({
        name: pa.array([value], _KINDS.get(name, pa.string()))
        for name, value in values.items()
    })  # fmt: skip
