"""Controls on pages: all frameworks, one framework, one control with its items."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fastapi import APIRouter, Request, Response

from api.answering import answered
from api.compliance import Wanted
from api.console.asking import PageQuestion, read_query
from api.console.entrance import shown
from api.console.overview import names_wanted
from api.console.pages import ROWS, drawn, told, turning
from api.reads import record_read
from projections import compliance
from projections.catalogue import controls_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from api.served import Served
    from projections.answer import Answer
    from projections.catalogue import Catalogue, Control, Framework
    from projections.selection import Selection
    from store.credentials import Credential

router = APIRouter(include_in_schema=False)

OUTCOMES: Final = ("violated", "insufficient-evidence", "excepted", "satisfied", "not-applicable")
"""What is to be looked at first."""
LOOKS: Final[dict[str, str]] = {
    "violated": "failure", "insufficient-evidence": "few", "excepted": "rollback",
    "satisfied": "good", "not-applicable": "none",
}  # fmt: skip
"""Classes of the style sheet."""
Row = dict[str, Any]
_PAGE: Final = "compliance"


class Line(NamedTuple):
    """A framework in the table of all.

    Attributes:
        id: its id.
        title: its name.
        total: controls of it that are here.
        counts: of them, by outcome.
    """

    id: str
    title: str
    total: int
    counts: Counter[str]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a page is about.

    Attributes:
        wanted: of the catalogue.
        template: that draws it.
        rows: what it lists, first of all.
        values: of the template, made of the answer.
    """

    wanted: Wanted
    template: str
    rows: tuple[Selection, ...]
    values: Callable[[Answer], dict[str, Any]]
    named: tuple[str, ...] = field(default=())


@router.get("/console/{ledger}/compliance")
async def get_frameworks(request: Request, ledger: str) -> Response:
    """Every framework, and how many of its controls came to what."""

    def asked(catalogue: Catalogue) -> _Asked:
        wanted = Wanted(catalogue, controls_of(catalogue.frameworks.values()))
        return _Asked(
            wanted, "compliance", (compliance.OUTCOMES,),
            lambda answer: {"lines": _lines(catalogue, answer.tables["control_outcomes"])},
        )  # fmt: skip

    return await _page(request, ledger, asked)


@router.get("/console/{ledger}/compliance/{framework}")
async def get_framework(request: Request, ledger: str, framework: str) -> Response:
    """Every control of a framework."""

    def asked(catalogue: Catalogue) -> _Asked:
        one = compliance.framework_in(catalogue, framework)
        wanted = Wanted(catalogue, controls_of([one]))

        def values(answer: Answer) -> dict[str, Any]:
            return {"framework": one, "rows": answer.tables["control_outcomes"].to_pylist()}

        return _Asked(wanted, "framework", (compliance.OUTCOMES,), values, (framework,))

    return await _page(request, ledger, asked)


@router.get("/console/{ledger}/compliance/{framework}/{control:path}")
async def get_control(request: Request, ledger: str, framework: str, control: str) -> Response:
    """A control: its tests, what they ask, and each item, what is wrong first."""

    def asked(catalogue: Catalogue) -> _Asked:
        one = compliance.framework_in(catalogue, framework)
        of_it = compliance.control_in(one, control)
        wanted = Wanted(catalogue, [(framework, of_it)])
        rows = (compliance.ITEMS, compliance.RESULTS, compliance.OUTCOMES)
        return _Asked(
            wanted, "control", rows, lambda answer: _control(catalogue, one, of_it, answer),
            (framework, control),
        )  # fmt: skip

    return await _page(request, ledger, asked)


async def _page(request: Request, ledger: str, about: Callable[[Catalogue], _Asked]) -> Response:
    async def recorded(here: Served, credential: Credential) -> Response:
        # Before it is recorded: all words of the question are ours, whatever an address says.
        asked = read_query(PageQuestion, request.query_params)
        of = about(request.app.state.catalogue)
        path = "/".join(("console", _PAGE, *of.named))
        await record_read(request, here, credential, path, of.wanted.named)
        return await answered(request, _draw, request, here, credential, asked, of)

    return await shown(request, ledger, recorded)


def _draw(
    request: Request, here: Served, credential: Credential, asked: PageQuestion, of: _Asked
) -> Response:
    chosen = asked.narrowed(request.app.state.clock())
    selections = [_paged(one, asked) for one in of.rows]
    question, answer = told(
        request, here, [*selections, *names_wanted()], chosen | {"controls": of.wanted.text},
        asked.known_at,
    )  # fmt: skip
    items = answer.tables["control_items"].to_pylist() if compliance.ITEMS in of.rows else []
    return drawn(
        request, here, credential, of.template, asked, question, answer, _PAGE, looks=LOOKS,
        outcomes=OUTCOMES, catalogue=of.wanted.catalogue.digest, items=items[:ROWS],
        **of.values(answer), **turning(request, asked, items),
    )  # fmt: skip


def _paged(one: Selection, asked: PageQuestion) -> Selection:
    # One more than is shown: whether there is a next page.
    is_page = one == compliance.ITEMS
    return replace(one, offset=asked.offset, limit=ROWS + 1) if is_page else one


def _lines(catalogue: Catalogue, outcomes: Any) -> list[Line]:  # noqa: ANN401 - an Arrow table
    counted: dict[str, Counter[str]] = {}
    for row in outcomes.to_pylist():
        counted.setdefault(row["framework"], Counter())[row["outcome"]] += 1
    return [
        Line(name, catalogue.frameworks[name].title, counts.total(), counts)
        for name, counts in counted.items()
    ]


def _control(
    catalogue: Catalogue, framework: Framework, control: Control, answer: Answer
) -> dict[str, Any]:
    (outcome,) = answer.tables["control_outcomes"].to_pylist()
    results: Sequence[Row] = answer.tables["control_results"].to_pylist()
    return {
        "framework": framework, "control": control, "outcome": outcome,
        "tests": [(row, catalogue.tests[row["test"]]) for row in results],
    }  # fmt: skip
