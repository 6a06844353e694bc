"""Controls as they were judged, with everything that a reader of a report wants beside them.

It is asked for once; the report and the OSCAL document are written from it and from nothing else,
so they say the same and a second one of the same state is equal to the first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from domain.events.controls import OF_A_COURSE, OF_THE_LEDGER
from projections.asked_controls import asked_controls, left_open
from projections.catalogue import controls_of
from projections.compliance import framework_in
from projections.heard import told
from projections.parameters import FIRST, LAST
from projections.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    import pyarrow as pa

    from projections.answer import Proof, Question
    from projections.catalogue import Catalogue, Control, Framework
    from projections.engine import View
    from projections.heard import Told
    from projections.history import History

SHOWN: Final = 5000
"""Items that are told one by one, those that violate first; all of them are counted."""
NO_LEDGER: Final = "it is about the ledger itself, and there is none"
NO_COURSE: Final = "files that show single moments do not tell how it went on between them"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """A control and what it came to.

    Attributes:
        control: as the catalogue has it.
        row: of `control_outcomes`.
        results: rows of `control_results` of its tests, in the catalogue's order.
    """

    control: Control
    row: Row
    results: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What controls came to, on the state of a ledger that its proof names.

    Attributes:
        proof: on what it was made.
        tables: rows, by the name of their table.
        catalogue: by which it was judged.
        told: what the ledger was told at all.
        left_open: tests that were not looked at, by id, and why.
        frameworks: of which controls were asked for, in the catalogue's order.
    """

    proof: Proof
    tables: Mapping[str, pa.Table] = field(repr=False)
    catalogue: Catalogue = field(repr=False)
    told: Told = field(repr=False)
    left_open: Mapping[str, str] = field(default_factory=dict)
    frameworks: tuple[Framework, ...] = field(init=False, repr=False)
    _rows: dict[str, list[Row]] = field(default_factory=dict, repr=False)
    _shown: dict[tuple[str, str], list[Row]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        asked = {row["framework"] for row in self.rows(_OUTCOMES)}
        known = self.catalogue.frameworks.items()
        chosen = tuple(one for name, one in known if name in asked)
        object.__setattr__(self, "frameworks", chosen)

    @property
    def is_signed(self) -> bool:
        """Whether a signed note stands behind it; without one it was made from files alone."""
        return bool(self.proof.checkpoint)

    @property
    def window(self) -> tuple[datetime, datetime]:
        """Its first instant and the first one after it; what was left open ends with the ledger."""
        chosen = self.proof.parameters
        first = self.told.first_at if chosen.window_from == FIRST else chosen.window_from
        last = self.told.last_at if chosen.window_to == LAST else chosen.window_to
        return first, max(first, last)

    def rows(self, table: str) -> list[Row]:
        """The rows of a table of the answer."""
        if table not in self._rows:
            self._rows[table] = self.tables[table].to_pylist()
        return self._rows[table]

    def judged(self, framework: Framework) -> Iterator[Judged]:
        """The controls of a framework that were asked for, in the catalogue's order."""
        outcomes = {(row["framework"], row["control"]): row for row in self.rows(_OUTCOMES)}
        results = {(row["test"], row["variant"]): row for row in self.rows(_RESULTS)}
        variants = {
            (link["framework"], link["control"], link["test"]): link["variant"]
            for link in self.rows(_LINKS)
        }
        for one in framework.controls:
            key = (framework.framework, one.id)
            if key not in outcomes:
                continue
            of_control = tuple(results[test, variants[(*key, test)]] for test in one.tests)
            yield Judged(one, outcomes[key], of_control)

    def why_nothing(self, row: Row) -> str:
        """Why nothing of a test was judged (a row of `control_results`), or nothing."""
        return self.left_open.get(row["test"]) or row["reason"] or ""

    def shown(self, test: str, variant: str) -> list[Row]:
        """Items of a test that are told one by one."""
        if not self._shown:
            for row in self.rows(_SHOWN):
                self._shown.setdefault((row["test"], row["variant"]), []).append(row)
        return self._shown.get((test, variant), [])


_OUTCOMES: Final = "control_outcomes"
_LINKS: Final = "control_links"
_RESULTS: Final = "control_results"
_SHOWN: Final = "control_shown"
_WANTED: Final = (
    Selection(_OUTCOMES, order=("framework", "control")),
    Selection(_LINKS, order=("framework", "control", "test")),
    Selection(_RESULTS, order=("test", "variant")),
    Selection(_SHOWN, order=("urgency", "nth", "test", "variant"), limit=SHOWN),
    Selection("control_reasons", order=("test", "variant", "outcome", "reason")),
    Selection("control_months", order=("month", "test", "variant")),
    Selection("waivers", order=("holds_from", "waiver")),
)


def frameworks_of(catalogue: Catalogue, names: Sequence[str]) -> tuple[Framework, ...]:
    """The frameworks of these ids, in the catalogue's order; of none: all.

    Raises:
        NotFoundError: there is none of a name; the message says which there are.
    """
    for name in names:
        framework_in(catalogue, name)
    return tuple(one for name, one in catalogue.frameworks.items() if not names or name in names)


def assess(
    history: History,
    catalogue: Catalogue,
    frameworks: Sequence[Framework],
    chosen: Mapping[str, Any],
    known_at: str | None = None,
    *,
    checkpoint: Callable[[int], bytes] | None = None,
) -> Assessment:
    """Judge the controls of frameworks.

    Args:
        history: of the ledger.
        catalogue: in effect.
        frameworks: of it.
        chosen: parameters that differ from their defaults: the window, a service …
        known_at: position or instant of recording up to which the ledger is read; None: all.
        checkpoint: the smallest published checkpoint of at least a size; None: the newest.

    Raises:
        RefusedError: a parameter is wrong.
        DamageError: the ledger does not verify; names the position.
        UnavailableError: the database or the disk.
    """
    question = ask(history, catalogue, frameworks, chosen, known_at)
    return answered(history, question, catalogue, checkpoint)


def assess_facts(
    history: History,
    catalogue: Catalogue,
    frameworks: Sequence[Framework],
    chosen: Mapping[str, Any],
    more: Sequence[Selection],
) -> Assessment:
    """Judge the controls of frameworks by facts that lie in no ledger.

    Args:
        history: of a log in memory.
        catalogue: in effect.
        frameworks: of it.
        chosen: parameters that differ from their defaults.
        more: tables that are wanted beside.

    Raises:
        RefusedError: a parameter is wrong.
    """
    whole = asked_controls(catalogue, controls_of(frameworks))
    why = dict.fromkeys(OF_THE_LEDGER, NO_LEDGER)
    results = history.ask(
        [Selection(_RESULTS)], {**chosen, "controls": left_open(whole, why)}
    ).tables[_RESULTS].to_pylist()  # fmt: skip
    # What was seen to break a rule of time breaks it; nothing seen is no proof that it was kept.
    kept = {row["test"] for row in results if row["outcome"] == "satisfied"}
    why |= dict.fromkeys(kept & OF_A_COURSE, NO_COURSE)
    judged = {**chosen, "controls": left_open(whole, why)}
    question = history.question([*_WANTED, *more], judged)
    tables = history.answer(question).tables
    return Assessment(question.proof, tables, catalogue, history.heard(question), why)


def ask(
    history: History,
    catalogue: Catalogue,
    frameworks: Sequence[Framework],
    chosen: Mapping[str, Any],
    known_at: str | None = None,
) -> Question:
    """Settle what `assess` judges, before anything is computed; takes and raises the same."""
    asked = {**chosen, "controls": asked_controls(catalogue, controls_of(frameworks))}
    return history.question(_WANTED, asked, known_at)


def answered(
    history: History,
    question: Question,
    catalogue: Catalogue,
    checkpoint: Callable[[int], bytes] | None = None,
) -> Assessment:
    """What was settled by `ask`, judged; takes what `assess` takes.

    Raises:
        UnavailableError: the disk.
    """
    answer = history.answer(question)
    proof = answer.proof
    if checkpoint is not None:
        # The newest one would be another whenever the ledger has grown.
        proof = replace(proof, checkpoint=checkpoint(proof.position).decode())
    return Assessment(proof, answer.tables, catalogue, history.heard(question))


def assessed(history: History, view: View, catalogue: Catalogue) -> Assessment:
    """The same of tables that are being made already, with whatever controls they are asked for.

    Raises:
        UnavailableError: the disk.
    """
    proof = history.proof([one.table for one in _WANTED], view.parameters, view.snapshot)
    tables = {one.table: view.select(one) for one in _WANTED}
    return Assessment(proof, tables, catalogue, told(view.snapshot, proof.position))
