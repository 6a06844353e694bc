"""What stands on the page, in the order in which it stands there."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from domain.instant import write_time
from exporters import charts
from exporters.assessment import SHOWN
from exporters.charts import Series
from exporters.report.filling import footing
from projections.asked_controls import is_built
from projections.parameters import FIRST, LAST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from markupsafe import Markup

    from exporters.assessment import Assessment, Judged, Row
    from exporters.report.files import ReadFile
    from exporters.report.filling import Footing
    from projections.catalogue import Framework, Test

_SERIES_MONTHS: Final = 60
_WORST: Final = 200
_LISTED: Final = 1000
_FIRST: Final = 10
SEVERITIES: Final = ("critical", "high", "medium", "low", "info", "unknown")
"""Of findings, the worst first."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome as people see it: by mark and word, never by colour alone.

    Attributes:
        name: as tables have it.
        column: of the tables that count it.
        mark: one character.
        words: for people.
        meaning: one sentence.
    """

    name: str
    column: str
    mark: str
    words: str
    meaning: str


OUTCOMES: Final = (
    Outcome("violated", "violated", "\N{BALLOT X}", "violated",
            "At least one item of the population breaks the rule."),
    Outcome("insufficient-evidence", "insufficient", "?", "insufficient evidence",
            "Nothing breaks the rule as far as anything tells, and something that has to be known"
            " is not: no event, one too weak, or one without a time that counts. It is no pass."),
    Outcome("excepted", "excepted", "!", "excepted",
            "What breaks the rule is under a waiver that two persons decided and that held then, or"
            " was voided with a reason; it stays counted and listed."),
    Outcome("satisfied", "satisfied", "\N{CHECK MARK}", "satisfied",
            "Every item of the population keeps the rule, shown by recorded events."),
    Outcome("not-applicable", "not_applicable", "\N{EN DASH}", "not applicable",
            "The rule concerns nothing that there is."),
)  # fmt: skip
"""From what is to be looked at first; a control is the first of its tests' outcomes."""
_BY_NAME: Final = {one.name: one for one in OUTCOMES}


@dataclass(frozen=True, slots=True)
class Section:
    """A framework on the page.

    Attributes:
        framework: as the catalogue has it.
        judged: its controls.
        counts: controls by outcome.
        facts: events that the tests of each control read, in the same order.
    """

    framework: Framework
    judged: tuple[Judged, ...]
    counts: Counter[str]
    facts: tuple[int, ...]

    @property
    def with_facts(self) -> int:
        """Controls that anything recorded bears on."""
        return sum(number > 0 for number in self.facts)


@dataclass(frozen=True, slots=True)
class Open:
    """A test that lacks evidence.

    Attributes:
        test: as the catalogue has it.
        id: its id.
        reasons: why, and how many items.
        controls: how many controls it answers here.
        footing: what it has to stand on.
        is_looked_at: more facts would be judged: this version evaluates it, and there is a ledger
            where it is about one.
    """

    test: Test
    id: str
    reasons: tuple[tuple[str, int], ...]
    controls: int
    footing: Footing
    is_looked_at: bool


@dataclass(frozen=True, slots=True)
class Month:
    """How many items of a month came to each outcome, in the order of `OUTCOMES`."""

    name: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The page's contents.

    Attributes:
        assessment: what it is written from.
        files: files that it was made from alone; empty: from a ledger.
    """

    assessment: Assessment
    files: Sequence[ReadFile] = ()
    sections: tuple[Section, ...] = field(init=False)
    _types: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        types = {one.name: one.events for one in self.assessment.told.types}
        object.__setattr__(self, "_types", types)
        made = tuple(self._section(one) for one in self.assessment.frameworks)
        object.__setattr__(self, "sections", made)

    def _section(self, framework: Framework) -> Section:
        judged = tuple(self.assessment.judged(framework))
        counts = Counter(one.row["outcome"] for one in judged)
        facts = tuple(
            max(
                footing(test, self._types).facts if test not in self.assessment.left_open else 0
                for test in one.control.tests
            )
            for one in judged
        )
        return Section(framework, judged, counts, facts)

    @property
    def totals(self) -> Counter[str]:
        """Controls of all frameworks by outcome."""
        return sum((one.counts for one in self.sections), Counter())

    def worst(self) -> list[tuple[Row, Test, int]]:
        """Tests that items violate, most of these first; how many controls each answers here."""
        links = Counter(
            (row["test"], row["variant"]) for row in self.assessment.rows("control_links")
        )
        violated = [row for row in self.assessment.rows("control_results") if row["violated"]]
        return [
            (row, self.assessment.catalogue.tests[row["test"]], links[row["test"], row["variant"]])
            for row in sorted(violated, key=lambda row: (-row["violated"], row["test"]))[:_FIRST]
        ]

    def chart(self) -> Markup:
        """Controls by outcome, a bar for each framework."""
        names = tuple(one.framework.framework for one in self.sections)
        series = tuple(
            Series(one.words, one.name, tuple(part.counts[one.name] for part in self.sections))
            for one in OUTCOMES
        )
        return charts.shares("Controls by outcome", names, series)

    def months(self) -> list[Month]:
        """Items by month and outcome, the oldest first; each counted once."""
        by_month: dict[str, Counter[str]] = {}
        for row in self.assessment.rows("control_months"):
            counter = by_month.setdefault(row["month"], Counter())
            for one in OUTCOMES:
                counter[one.name] += row[one.column]
        return [
            Month(name, tuple(counter[one.name] for one in OUTCOMES))
            for name, counter in sorted(by_month.items())
        ]

    def months_chart(self) -> Markup | None:
        """The same, drawn; None where one month or none has no course."""
        months = self.months()[-_SERIES_MONTHS:]
        if len(months) <= 1:
            return None
        series = tuple(
            Series(one.words, one.name, tuple(month.counts[at] for month in months))
            for at, one in enumerate(OUTCOMES)
        )
        names = tuple(one.name for one in months)
        return charts.bars("Judged items by month", names, series)

    def items(self, *outcomes: str) -> list[Row]:
        """Items that are told one by one."""
        return [row for row in self.assessment.rows("control_shown") if row["outcome"] in outcomes]

    def left_out(self, *outcomes: str) -> int:
        """How many of these there are that are not told one by one."""
        columns = [_BY_NAME[name].column for name in outcomes]
        all_of = sum(
            row[column] for row in self.assessment.rows("control_results") for column in columns
        )
        return int(all_of) - len(self.items(*outcomes))

    def waivers(self) -> list[Row]:
        """Waivers that held at some instant of the window."""
        first, last = self.assessment.window
        return [
            row for row in self.assessment.rows("waivers")
            if (row["holds_from"] is None or row["holds_from"] <= last)
            and (row["holds_until"] is None or row["holds_until"] > first)
        ]  # fmt: skip

    def open_tests(self) -> list[Open]:
        """Tests that lack evidence, and what would bring it."""
        open_results = [row for row in self.assessment.rows("control_results") if _is_open(row)]
        by_test: dict[str, list[Row]] = {}
        for row in open_results:
            by_test.setdefault(row["test"], []).append(row)
        return [self._open(test, rows) for test, rows in sorted(by_test.items())]

    def _open(self, test: str, rows: Iterable[Row]) -> Open:
        variants = {row["variant"]: row for row in rows}
        reasons: Counter[str] = Counter()
        for row in self.assessment.rows("control_reasons"):
            if row["test"] == test and row["outcome"] == "insufficient-evidence":
                reasons[row["reason"]] += row["items"]
        nothing = {self.assessment.why_nothing(row) for row in variants.values()} - {""}
        links = {
            (row["framework"], row["control"])
            for row in self.assessment.rows("control_links") if row["test"] == test
        }  # fmt: skip
        return Open(
            self.assessment.catalogue.tests[test], test,
            (*((why, 0) for why in sorted(nothing)), *sorted(reasons.items())),
            len(links), footing(test, self._types),
            is_built(test) and test not in self.assessment.left_open,
        )  # fmt: skip

    def severities(self) -> list[tuple[str, tuple[int, ...]]]:
        """Findings of each tool by severity, in the order of `SEVERITIES`; those that are open."""
        counted: dict[str, Counter[str]] = {}
        by_both = (
            self._open_findings().group_by(["tool", "severity"]).aggregate([([], "count_all")])
        )
        for row in by_both.to_pylist():
            counter = counted.setdefault(row["tool"] or "unnamed", Counter())
            counter[row["severity"]] += row["count_all"]
        return [
            (tool, tuple(counter[name] for name in SEVERITIES))
            for tool, counter in sorted(counted.items())
        ]

    def worst_findings(self) -> list[Row]:
        """Open findings, the most severe first, 200 at most."""
        every = self._open_findings().sort_by("finding_key")
        found: list[Row] = []
        for severity in SEVERITIES:
            of_it = every.filter(pc.equal(every["severity"], severity))
            found += of_it.slice(0, _WORST - len(found)).to_pylist()
        return found

    def _open_findings(self) -> pa.Table:
        """What is still open; there may be very many, of which a few rows are shown."""
        told = self.assessment.tables["findings"]
        found = told.filter(pc.equal(told["state"], "open"))
        known = pc.is_in(found["severity"], pa.array(SEVERITIES))
        severity = pc.if_else(known, found["severity"], "unknown")
        at = found.schema.get_field_index("severity")
        return found.set_column(at, "severity", severity)

    def tests(self) -> list[tuple[Row, Test, dict[str, Any]]]:
        """What was asked: each test with each set of its parameters."""
        return [
            (row, self.assessment.catalogue.tests[row["test"]], json.loads(row["parameters"]))
            for row in self.assessment.rows("control_results")
        ]

    @property
    def again(self) -> str:
        """The command that gives the same page again, from the same ledger."""
        proof = self.assessment.proof
        chosen = proof.parameters
        whole = len(self.sections) == len(self.assessment.catalogue.frameworks)
        words = [] if whole else [
            word for one in self.sections for word in ("--framework", one.framework.framework)
        ]  # fmt: skip
        if chosen.window_from == FIRST or chosen.window_to == LAST:
            command = ["pipeledger-server", "report", "--ledger", "NAME"]
        else:
            command = ["pipeledger", "report"]
        told = {
            "from": None if chosen.window_from == FIRST else write_time(chosen.window_from),
            "to": None if chosen.window_to == LAST else write_time(chosen.window_to),
            "known-at": str(proof.position),
            "service": chosen.service, "team": chosen.team, "environment": chosen.environment,
            "repository": chosen.repository, "output": "again.html",
        }  # fmt: skip
        for name, value in told.items():
            words += [] if value is None else [f"--{name}", value]
        return shlex.join([*command, *words])

    @property
    def open_findings(self) -> int:
        """How many findings are open."""
        return int(self._open_findings().num_rows)

    @property
    def listed(self) -> int:
        """Scans, and tests, that a page of files tells one by one, at most."""
        return _LISTED

    @property
    def most(self) -> int:
        """Items that a page tells one by one, at most."""
        return SHOWN


def _is_open(row: Row) -> bool:
    return bool(row["outcome"] == "insufficient-evidence" or row["insufficient"])
