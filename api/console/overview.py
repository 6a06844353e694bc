"""The overview: the five metrics and MTTR, what they counted, their course, what is missing.

Every number is from the definitions; the page only words and draws them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from api.console import gaps, running
from api.listings import LISTINGS, METRICS
from exporters import charts, wording
from exporters.charts import Series
from projections.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markupsafe import Markup

    from api.console.asking import PageQuestion
    from projections.answer import Answer

Row = dict[str, Any]
_BY_WINDOW: Final = ("part", "window_from", "group_key")
RECENT: Final = 10
OFFERED: Final = 500
"""Names that a filter suggests at most; others can be typed."""
BANDS: Final = 6


class Card(NamedTuple):
    """One metric.

    Attributes:
        name: of it.
        value: in words.
        band: of the DORA quick check, 1 to 6, or `on demand`; None where there is none.
        counted: what the number was made of.
        more: further numbers, named.
        change: against the window before, in words; empty where it cannot be told.
        few: so few cases that the number says little.
        course: over the steps.
    """

    name: str
    value: str
    band: str | None
    counted: str
    more: Sequence[tuple[str, str]]
    change: str
    few: bool
    course: Markup | None


class Chart(NamedTuple):
    """A chart with its numbers as a table.

    Attributes:
        title: of it.
        drawing: the SVG.
        series: what its colours mean.
        heads: of the columns.
        rows: the numbers in words.
    """

    title: str
    drawing: Markup
    series: Sequence[Series]
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def wanted(asked: PageQuestion) -> list[Selection]:
    """What the page asks the ledger for."""
    return [
        Selection("dora", order=_BY_WINDOW),
        Selection("mttr", order=_BY_WINDOW),
        Selection("comparison", order=("group_key",)),
        Selection("window_gaps", order=("part", "window_from", "gap", "name")),
        replace(LISTINGS["deployments"].matching(asked), during="finished_at", limit=RECENT),
        running.wanted(asked, running.CELLS + 1),
        *names_wanted(),
    ]  # fmt: skip


def names_wanted() -> list[Selection]:
    """What the filters suggest names from."""
    return [
        Selection("services", order=("service", "effective_from"), limit=OFFERED),
        Selection("environments", order=("environment", "effective_from"), limit=OFFERED),
    ]


def offered(answer: Answer) -> dict[str, list[str]]:
    """Names that the filters suggest."""
    services = answer.tables["services"].select(["service", "team"]).to_pylist()
    environments = answer.tables["environments"].select(["environment"]).to_pylist()
    found = {
        "service": {row["service"] for row in services},
        "team": {row["team"] for row in services},
        "environment": {row["environment"] for row in environments},
    }
    return {name: sorted(one for one in told if one) for name, told in found.items()}


class Overview:
    """An answer as the page shows it."""

    def __init__(self, answer: Answer) -> None:
        """Read what `wanted` was answered with."""

        def parts(table: str) -> dict[str, list[Row]]:
            found: dict[str, list[Row]] = {"window": [], "step": []}
            for row in answer.tables[table].to_pylist():
                found.setdefault(row["part"], []).append(row)
            return found

        dora, mttr = parts("dora"), parts("mttr")
        (self.dora,) = dora["window"]
        (self.mttr,) = mttr["window"]
        self.steps = dora["step"]
        self.mttr_steps = mttr["step"]
        self.gaps = gaps.told(parts("window_gaps")["window"])
        compared: list[Row] = answer.tables["comparison"].to_pylist()
        self.compared = compared[0] if compared else {}
        self.recent: list[Row] = answer.tables["deployments"].to_pylist()
        self.running = running.Matrix(answer.tables["running"].to_pylist())
        self._labels = tuple(wording.day(row["window_from"]) for row in self.steps)

    @property
    def is_empty(self) -> bool:
        """Nothing happened that could be counted."""
        counted = (self.dora[name] for name in METRICS["dora"].counted)
        return not any((*counted, *(self.mttr[name] for name in METRICS["mttr"].counted)))

    def cards(self) -> list[Card]:
        """The metrics, each for itself: none is blended with another."""
        return [self._frequency(), self._lead(), self._failures(), self._recovery(),
                self._rework(), self._restoring()]  # fmt: skip

    def charts(self) -> list[Chart]:
        """The course of the metrics; empty where the window has no steps."""
        if not self.steps:
            return []
        return [self._deployments_chart(), self._durations_chart(), self._rates_chart()]

    def _course(self, name: str, column: str, steps: Sequence[Row] | None = None) -> Markup | None:
        values = _column(column, self.steps if steps is None else steps)
        return charts.spark(f"Course of {name.lower()}", values)

    def _compared(self, column: str, few: str = "few") -> float | None:
        """Against the window before, unless one of the two holds too little to compare."""
        return None if self.compared.get(few) else self.compared.get(column)

    def _frequency(self) -> Card:
        row, name = self.dora, "Deployment frequency"
        times = self._compared("frequency_times")
        return Card(
            name, f"{wording.number(row['deployments_per_day'])} a day",
            row["frequency_band"] if row["deployments"] else None,
            f"{wording.number(row['deployments'])} successful deployments on "
            f"{wording.number(row['deployment_days'])} days",
            [("planned", wording.number(row["planned"])),
             ("hotfixes", wording.number(row["hotfixes"])),
             ("rollbacks", wording.number(row["rollbacks"])),
             ("days a week, median", wording.number(row["median_days_per_week"]))],
            "" if times is None else f"{wording.number(times)} times as often as before",
            row["few_deployments"], self._course(name, "deployments"),
        )  # fmt: skip

    def _lead(self) -> Card:
        row, name = self.dora, "Change lead time"
        return Card(
            name, wording.duration(row["lead_median_s"]), _band(row["lead_band"]),
            f"median of {wording.number(row['lead_n'])} changes that reached production",
            [("75 % within", wording.duration(row["lead_p75_s"])),
             ("90 % within", wording.duration(row["lead_p90_s"])),
             ("mean", wording.duration(row["lead_mean_s"])),
             ("deployments with unknown changes", wording.number(row["unresolved"]))],
            _change(self._compared("lead_change_percent", "few_changes"), "%"),
            row["few_changes"], self._course(name, "lead_median_s"),
        )  # fmt: skip

    def _failures(self) -> Card:
        row, name = self.dora, "Change fail rate"
        return Card(
            name, wording.percent(row["change_fail_rate"]), None,
            f"{wording.number(row['failed'])} of {wording.number(row['counted'])} deployments",
            [("confirmed, without inference", wording.percent(row["change_fail_rate_confirmed"])),
             ("if unknown outcomes failed", wording.percent(row["change_fail_rate_upper"])),
             ("shown by a rollback", wording.number(row["failed_by_rollback"])),
             ("inferred from incidents", wording.number(row["failed_inferred"]))],
            _change(self._compared("change_fail_points"), "points"),
            row["few_deployments"], self._course(name, "change_fail_rate"),
        )  # fmt: skip

    def _recovery(self) -> Card:
        row, name = self.dora, "Failed deployment recovery time"
        return Card(
            name, wording.duration(row["recovery_median_s"]), _band(row["recovery_band"]),
            f"median of {wording.number(row['recovered'])} recovered deployments, "
            f"{wording.number(row['unrecovered'])} not yet",
            [("90 % within", wording.duration(row["recovery_p90_s"])),
             ("mean", wording.duration(row["recovery_mean_s"])),
             ("from impact, median", wording.duration(row["from_impact_median_s"])),
             ("left out: ended before it began", wording.number(row["recovery_anomalies"]))],
            _change(self._compared("recovery_change_percent", "few_recoveries"), "%"),
            row["few_recoveries"], self._course(name, "recovery_median_s"),
        )  # fmt: skip

    def _rework(self) -> Card:
        row, name = self.dora, "Rework rate"
        return Card(
            name, wording.percent(row["rework_rate"]), None,
            f"{wording.number(row['reworked'])} of {wording.number(row['counted'])} deployments "
            "were hotfixes or rollbacks",
            [("hotfixes that name nothing", wording.number(row["unattributed_hotfixes"])),
             ("attempts without impact", wording.number(row["attempts_failed"])),
             ("of unknown impact", wording.number(row["impact_unknown"]))],
            _change(self._compared("rework_points"), "points"),
            row["few_deployments"], self._course(name, "rework_rate"),
        )  # fmt: skip

    def _restoring(self) -> Card:
        row, name = self.mttr, "Mean time to restore"
        return Card(
            name, wording.duration(row["mttr_s"]), None,
            f"mean of {wording.number(row['incidents'])} incidents, whatever caused them; "
            f"{wording.number(row['open'])} open",
            [("median", wording.duration(row["median_s"])),
             ("90 % within", wording.duration(row["p90_s"])),
             ("derived from alerts", wording.number(row["derived_from_alerts"])),
             ("left out: ended before it began", wording.number(row["anomalies"]))],
            _change(self._compared("mttr_change_percent", "few_incidents"), "%"),
            row["few"], self._course(name, "mttr_s", self.mttr_steps),
        )  # fmt: skip

    def _deployments_chart(self) -> Chart:
        series = tuple(Series(name, name, _column(column, self.steps))
                       for name, column in (("planned", "planned"), ("hotfix", "hotfixes"),
                                            ("rollback", "rollbacks")))  # fmt: skip
        title = "Deployments to production"
        return self._chart(title, charts.bars(title, self._labels, series), series, wording.number)

    def _durations_chart(self) -> Chart:
        columns = ("lead_median_s", "lead_p90_s", "recovery_median_s")
        told = _In(*_unit([row[name] for row in self.steps for name in columns]))
        series = tuple(
            Series(name, look, tuple(
                None if one is None else one / told.seconds for one in _column(column, self.steps)
            ))
            for name, look, column in (
                ("lead time, median", "first", "lead_median_s"),
                ("lead time, 90 %", "second", "lead_p90_s"),
                ("recovery, median", "third", "recovery_median_s"),
            )
        )  # fmt: skip
        title = "Lead time and recovery"
        return self._chart(title, charts.lines(title, self._labels, series, told), series, told)

    def _rates_chart(self) -> Chart:
        series = tuple(Series(name, look, _column(column, self.steps))
                       for name, look, column in (
                           ("change fail rate", "first", "change_fail_rate"),
                           ("rework rate", "second", "rework_rate")))  # fmt: skip
        title = "Change fail rate and rework rate"
        drawing = charts.lines(title, self._labels, series, wording.percent)
        return self._chart(title, drawing, series, wording.percent)

    def _chart(
        self,
        title: str,
        drawing: Markup,
        series: Sequence[Series],
        told: Callable[[float | None], str],
    ) -> Chart:
        rows = [
            [f"{step['window_from']:%Y-%m-%d}", *(told(one.values[at]) for one in series)]
            for at, step in enumerate(self.steps)
        ]
        return Chart(title, drawing, series, ["from", *(one.name for one in series)], rows)


def _column(name: str, rows: Sequence[Row]) -> tuple[float | None, ...]:
    return tuple(row[name] for row in rows)


@dataclass(frozen=True, slots=True)
class _In:
    """Words a length in one unit; equal to another that does the same."""

    seconds: int
    unit: str

    def __call__(self, value: float | None) -> str:
        return wording.NOTHING if value is None else f"{value:.3g} {self.unit}"


def _band(band: int | None) -> str | None:
    return None if band is None else str(band)


def _change(value: float | None, unit: str) -> str:
    return "" if value is None else f"{wording.signed(value)} {unit} against before"


def _unit(seconds: Sequence[float | None]) -> tuple[int, str]:
    """The unit in which the greatest of these lengths is a readable number."""
    most = max((value for value in seconds if value is not None), default=0)
    return next(((size, unit) for size, unit in ((86_400, "d"), (3600, "h")) if most >= 2 * size),
                (60, "min"))  # fmt: skip
