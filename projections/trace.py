"""The line of a commit, digest, deployment, change or ticket: from its source to its recovery.

The facts of it, their ties to the line and whether each is proved stand in SQL (`trace_items` and
what it is made of); here they are put in order, hop by hop, with what is missing between them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from domain.errors import NotFoundError, RefusedError
from projections.answer import rows_of
from projections.selection import Selection
from projections.trace_gaps import Gap, Line, gap_of, lasting_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from projections.answer import Proof
    from projections.engine import View
    from projections.history import History

State = Literal["proved", "asserted", "missing", "none"]
SELECTIONS: Final = (
    Selection("trace_items"), Selection("trace_line"), Selection("trace_asked"),
)  # fmt: skip
"""What a line is made of; `trace` is the parameter that says of what."""
HOPS: Final = (
    "ticket", "commit", "change", "review", "build", "tests", "scans", "artifact", "approval",
    "deployment", "incident", "recovery",
)  # fmt: skip
MOST: Final = 200
"""Items of one hop that are told, the newest; an artifact may be scanned every night for years."""
_LONGEST: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One fact of a hop (a row of `trace_items`, which says what each field is)."""

    item: str
    id: str | None
    service: str | None
    environment: str | None
    happened_at: str | None
    outcome: str | None
    person: str | None
    state: Literal["proved", "asserted"]
    tie: str
    tied_to: str | None
    holds: bool
    is_late: bool
    facts: list[str]
    source: str | None
    assurance: str | None
    positions: list[int]

    def told(self) -> dict[str, Any]:
        """As JSON values; an asserted one says why it is no more."""
        told = {name: value for name, value in asdict(self).items() if value is not None}
        if self.state == "asserted":
            told["why"] = self._why()
        return told

    def _why(self) -> str:
        if self.assurance in ("observed", "decided"):
            return f"tied by {self.tie}, not by a digest or a whole commit id"
        return "somebody's word; its source itself was not authenticated"


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of the line.

    Attributes:
        name: of `HOPS`.
        environment: of a deployment.
        state: the best of what holds, of approvals for each production environment that was
            reached; `none` where nothing need be there.
        items: what is known, in the order in which it happened, the newest `MOST`.
        left_out: how many more there are.
        gap: what is missing, or None.
    """

    name: str
    environment: str | None
    state: State
    items: tuple[Item, ...]
    left_out: int
    gap: Gap | None

    def told(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "hop": self.name,
            "environment": self.environment,
            "state": self.state,
            "items": [one.told() for one in self.items],
            "left_out": self.left_out,
            "gap": self.gap.told() if self.gap is not None else None,
        }


@dataclass(frozen=True, slots=True)
class Trace:
    """A line.

    Attributes:
        word: what was asked for.
        found: kinds and values that it names.
        line: the line's own names.
        hops: from the source to the recovery; a deployment has a hop for each environment.
    """

    word: str
    found: tuple[tuple[str, str], ...]
    line: Line
    hops: tuple[Hop, ...]

    def told(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "asked": {
                "word": self.word,
                "found": [{"kind": kind, "value": value} for kind, value in self.found],
            },
            "service": self.line.service,
            "repository": self.line.repository,
            "commit": self.line.commit,
            "artifact": self.line.artifact,
            "hops": [hop.told() for hop in self.hops],
        }


@dataclass(frozen=True, slots=True)
class TraceAnswer:
    """A line and what proves it.

    Attributes:
        proof: on what it was given.
        trace: the line.
        age: seconds since that was the newest state for certain.
    """

    proof: Proof
    trace: Trace
    age: float = 0.0

    def told(self) -> dict[str, Any]:
        """The whole answer as JSON values."""
        return {"proof": self.proof.told(), "trace": self.trace.told()}


def answer(
    history: History, what: str, known_at: str | None = None, max_age: float = 0.0
) -> TraceAnswer:
    """The line of something, and what proves it.

    Args:
        history: of the ledger.
        what: see `trace_of`.
        known_at: position or instant of recording up to which the ledger is read; None: all.
        max_age: see `History.question`.

    Raises:
        RefusedError: see `trace_of`; or `known_at` is neither.
        NotFoundError: see `trace_of`.
        DamageError: the ledger does not verify; names the position.
        UnavailableError: the database or the disk.
    """
    check_word(what)
    question = history.question(SELECTIONS, {"trace": what}, known_at, max_age)
    found = history.answer(question)
    return TraceAnswer(found.proof, trace_in(found.tables, what), question.age)


def trace_of(view: View, what: str) -> Trace:
    """The line of something.

    Args:
        view: the tables.
        what: a commit (seven digits at least), a digest, the id or key of a deployment, the key of
            a change (`repository#number`, also without the beginning of the repository's address)
            or of a ticket.

    Raises:
        RefusedError: it is no such word, begins several commits or ends several changes.
        NotFoundError: nothing is known by this name.
    """
    check_word(what)
    with view.chosen(trace=what) as own:
        return trace_in({one.table: own.select(one) for one in SELECTIONS}, what)


def check_word(what: str) -> None:
    """Refuse what names nothing.

    Raises:
        RefusedError: it is empty or too long.
    """
    if not 0 < len(what) <= _LONGEST:
        raise RefusedError("what", f"expected 1 to {_LONGEST} characters")


def trace_in(tables: Mapping[str, pa.Table], what: str) -> Trace:
    """The line that the tables of `SELECTIONS` hold.

    Raises:
        RefusedError: what was asked for begins several commits or ends several changes.
        NotFoundError: nothing is known by this name.
    """
    found = [(row["kind"], row["value"]) for row in tables["trace_asked"].to_pylist()]
    if sum(kind == "commit" and value != what.lower() for kind, value in found) > 1:
        raise RefusedError("what", "several commits begin so; give more of its digits")
    changes = sorted(value for kind, value in found if kind == "change" and value != what)
    if len(changes) > 1:
        raise RefusedError("what", f"several changes are called so, such as {changes[0]}")
    (line,) = tables["trace_line"].to_pylist()
    rows = rows_of(tables["trace_items"])
    if not rows:
        raise NotFoundError("nothing is known by this name")
    named = Line(**line)
    return Trace(what, tuple(sorted(found)), named, tuple(_hops(rows, named)))


def _hops(rows: Sequence[dict[str, Any]], line: Line) -> Iterator[Hop]:
    items: dict[str, list[Item]] = {name: [] for name in HOPS}
    for row in sorted(rows, key=lambda one: (one["happened_at"] or "", one["positions"])):
        values = {name: value for name, value in row.items() if name not in ("hop", "hop_number")}
        items[row["hop"]].append(Item(**values))
    deployed = list(dict.fromkeys(one.environment for one in items["deployment"]))
    reached = [one for one in deployed if one in line.production_environments]
    for name in HOPS:
        if name == "deployment":
            # A service that reaches production is missing there until it does.
            for place in [*deployed, *_unless(reached, line.production_environments)] or [None]:
                here = [one for one in items[name] if one.environment == place]
                yield _hop(name, here, line, place)
        elif name == "approval":
            yield _approval(items[name], line, reached)
        else:
            yield _hop(name, items[name], line, None)


def _unless(reached: Sequence[object], environments: Sequence[str]) -> Sequence[str]:
    return () if reached else environments


def _hop(name: str, items: Sequence[Item], line: Line, place: str | None) -> Hop:
    holding = [one for one in items if one.holds]
    gap = gap_of(name, line, place) if not holding or name == "recovery" else None
    state: State
    if gap is not None:
        state = "missing"
    elif not holding:
        state = "none"
    else:
        state = _best(holding)
        gap = _stronger(name, line) if state == "asserted" else None
    return Hop(name, place, state, tuple(items[-MOST:]), max(0, len(items) - MOST), gap)


def _approval(items: Sequence[Item], line: Line, reached: Sequence[str | None]) -> Hop:
    """An approval holds for the environments that it names, or for all where it names none.

    What is proved of one environment is not of another: the weakest that was reached tells.
    """
    states: list[State] = []
    for place in reached:
        holding = [one for one in items if one.holds and _covers(one, place)]
        states.append(_best(holding))
        if not holding:
            lacking = _hop("approval", [], line, place)
            return Hop("approval", None, "missing", tuple(items[-MOST:]),
                       max(0, len(items) - MOST), lacking.gap)  # fmt: skip
    hop = _hop("approval", items, line, None)
    return replace(hop, state="asserted") if "asserted" in states else hop


def _covers(item: Item, place: str | None) -> bool:
    return not item.environment or place in item.environment.split(", ")


def _best(items: Iterable[Item]) -> State:
    return "proved" if any(one.state == "proved" for one in items) else "asserted"


def _stronger(name: str, line: Line) -> Gap | None:
    lasting = lasting_of(name, line)
    if lasting is None:
        return None
    return Gap("known by somebody's word alone; the code host can tell it itself", lasting)
