"""What a question about the past may choose; the words mean the same everywhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.errors import RefusedError
from domain.instant import read_instant
from projections.catalogue import Outcome  # noqa: TC001 - the framework reads it
from projections.parameters import FIRST
from projections.selection import MOST

if TYPE_CHECKING:
    from datetime import datetime

    from projections.selection import Selection

_Name = Annotated[str | None, Field(max_length=500)]
_Instant = Annotated[str | None, Field(max_length=40)]
FILTERS: Final = ("service", "team", "environment", "repository")
"""What every question may be narrowed by, where rows have it."""
WINDOW: Final = timedelta(days=90)
"""Length of the window of a metric where none is chosen."""


def hour_after(now: datetime) -> datetime:
    """The end of this hour: a window up to it has what was reported a moment ago."""
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


class KnownAt(BaseModel):
    """What every question may choose."""

    model_config = ConfigDict(extra="forbid")

    known_at: _Instant = None


class AsOf(KnownAt):
    """A question about what held at an instant."""

    at: _Instant = None

    def window(self) -> dict[str, datetime]:
        """The parameters of the time that it is about, where it chooses one.

        Raises:
            RefusedError: an instant is none.
        """
        at = read_instant(self.at, "query at")
        return {} if at is None else {"at": at}


class Question(AsOf):
    """A question about more than one thing."""

    since: Annotated[_Instant, Field(alias="from")] = None
    to: _Instant = None
    service: _Name = None
    team: _Name = None
    environment: _Name = None
    repository: Annotated[str | None, Field(max_length=4096)] = None

    def window(self) -> dict[str, datetime]:
        """The parameters of the time that it is about, where it chooses one.

        Raises:
            RefusedError: an instant is none.
        """
        told = {
            "window_from": read_instant(self.since, "query from"),
            "window_to": read_instant(self.to, "query to"),
        }
        return super().window() | {name: value for name, value in told.items() if value is not None}

    def windowed(self, now: datetime) -> dict[str, datetime]:
        """The same; its window is the last 90 days unless it says another.

        Args:
            now: the present instant.

        Raises:
            RefusedError: an instant is none, or so early that no such window ends there.
        """
        window = self.window()
        end = window.setdefault("window_to", hour_after(now))
        if "window_from" not in window:
            if end - FIRST < WINDOW:
                raise RefusedError("query to", f"fewer than {WINDOW.days} days lie before it; "
                                   "choose from, too")  # fmt: skip
            window["window_from"] = end - WINDOW
        return window

    def equals(self, *columns: str) -> dict[str, str]:
        """The columns that it chooses a value for.

        Args:
            columns: those that it can choose by.

        Raises:
            RefusedError: it chooses by another one, which would be passed over in silence.
        """
        found = {name: getattr(self, name) for name in FILTERS if getattr(self, name) is not None}
        for name in found:
            if name not in columns:
                raise RefusedError(f"query {name}", "these rows are not told apart by it")
        return found


class ListQuestion(Question):
    """A question that is answered by rows, page by page."""

    limit: Annotated[int, Field(ge=1, le=10_000)] = 1000
    offset: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0
    order: Literal["oldest", "newest"] = "oldest"
    stale_after_s: Annotated[int | None, Field(ge=0, le=2**53 - 1)] = None

    def ordered(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """The columns that put rows in order, turned round where it wants the newest first."""
        return columns if self.order == "oldest" else tuple(f"-{name}" for name in columns)


class ControlQuestion(Question):
    """A question about controls."""

    def chosen(self, now: datetime) -> dict[str, Any]:
        """The parameters of its answer, but for what is asked of controls.

        Args:
            now: the present instant.

        Raises:
            RefusedError: an instant is none, or it chooses one at which a state is wanted.
        """
        if self.at is not None:
            raise RefusedError("query at", "outcomes are of a window; choose by from and to")
        return self.windowed(now) | self.equals(*FILTERS)


class ItemQuestion(ControlQuestion):
    """A question about what tests of controls judged, one by one: a page of it, or a sample."""

    outcome: Annotated[Outcome | None, Field(description="only items of this outcome")] = None
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1000
    offset: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0
    sample: Annotated[
        int | None, Field(ge=1, le=1000, description="items to draw from each population")
    ] = None
    seed: Annotated[
        str | None,
        Field(pattern=r"^[0-9A-Za-z._-]{1,64}$", description="of the sample, of your own choice"),
    ] = None
    strata: Annotated[
        Literal["service", "outcome"], Field(description="what a sample is parted by")
    ] = "service"

    def check(self) -> None:
        """Refuse half a question.

        Raises:
            RefusedError: a sample without a seed, or the other way round, or page by page.
        """
        if (self.sample is None) != (self.seed is None):
            raise RefusedError("query seed", "a sample wants both, sample and seed: who chooses "
                               "the seed can draw it again")  # fmt: skip
        if self.sample is not None and self.offset:
            raise RefusedError("query offset", "a sample comes whole")


class MetricQuestion(Question):
    """A question that is answered by numbers; the parameters are those of the metrics' rules."""

    tz: Annotated[str, Field(max_length=64)] = "UTC"
    bucket: Literal["none", "day", "week", "month"] = "none"
    group_by: Literal["none", "team", "service", "environment", "repository"] = "none"
    baseline_from: _Instant = None
    baseline_to: _Instant = None
    attribution_window_s: Annotated[int, Field(ge=0, le=10 * 366 * 86_400)] = 86_400
    infer_rollback: bool = True
    commit_time_basis: Literal["authored", "committed", "merged"] = "authored"
    count_redeploys: bool = False
    evidence: bool = False
    limit: Annotated[int | None, Field(ge=1, le=10_000)] = None
    offset: Annotated[int | None, Field(ge=0, le=2**53 - 1)] = None

    def page(self, rows: Selection) -> Selection:
        """The page of the rows behind its numbers that it wants; the numbers come whole."""
        return replace(rows, offset=self.offset or 0, limit=self.limit or MOST)

    def chosen(self, now: datetime) -> dict[str, Any]:
        """The parameters of its answer; the window is the last 90 days unless it says another.

        Args:
            now: the present instant.

        Raises:
            RefusedError: an instant is none.
        """
        window = self.windowed(now)
        baseline = {
            "baseline_from": read_instant(self.baseline_from, "query baseline_from"),
            "baseline_to": read_instant(self.baseline_to, "query baseline_to"),
        }
        names = ("tz", "bucket", "group_by", "attribution_window_s", "infer_rollback",
                 "commit_time_basis", "count_redeploys")  # fmt: skip
        return (
            window
            | baseline
            | {name: getattr(self, name) for name in names}
            | self.equals(*FILTERS)
        )
