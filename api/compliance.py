"""What controls came to: of all frameworks, of one, and of one control item by item."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query, Request, Response

from api.answered import headers_of, is_had, max_age
from api.answering import answered
from api.asking import ControlQuestion, ItemQuestion
from api.described import forms
from api.doors import PART_READERS
from api.entrance import JSON, enter, facts
from api.negotiation import prefer
from api.paging import next_page
from api.reads import enter_reading, path_of, record_read
from api.tables import ARROW, CSV, PARQUET, write_table
from projections import compliance
from projections.asked_controls import asked_controls, asked_tests
from projections.catalogue import controls_of
from projections.sampled import Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from api.served import Served
    from projections.answer import Question
    from projections.catalogue import Catalogue, Control
    from projections.selection import Selection

router = APIRouter()
_MEDIA: Final = (JSON, CSV, ARROW, PARQUET)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of the catalogue in effect.

    Attributes:
        catalogue: that is.
        controls: framework and control.
        tests: ids of tests that are asked for by themselves, in place of controls.
    """

    catalogue: Catalogue
    controls: Sequence[tuple[str, Control]] = ()
    tests: tuple[str, ...] = field(default=())

    @property
    def text(self) -> str:
        """The parameter of the definitions."""
        if self.tests:
            return asked_tests(self.catalogue, self.tests)
        return asked_controls(self.catalogue, self.controls)

    @property
    def named(self) -> dict[str, str]:
        """The one framework, and the one control, that it is about."""
        frameworks = {name for name, _ in self.controls}
        told = {"framework": frameworks.pop()} if len(frameworks) == 1 else {}
        return told | {"control": self.controls[0][1].id} if len(self.controls) == 1 else told

    @property
    def words(self) -> dict[str, Any]:
        """What the catalogue says of it."""
        return compliance.words_of(self.catalogue, self.controls, self.tests)


@router.get("/v1/{ledger}/compliance", tags=["compliance"], responses=forms(*_MEDIA))
async def get_compliance(
    request: Request, ledger: str, asked: Annotated[ControlQuestion, Query()]
) -> Response:
    """What every control of every framework came to, a row each, and its tests."""
    catalogue: Catalogue = request.app.state.catalogue

    def wanted() -> Wanted:
        return Wanted(catalogue, controls_of(catalogue.frameworks.values()))

    return await _overall(request, ledger, asked, wanted)


@router.get("/v1/{ledger}/compliance/{framework}", tags=["compliance"], responses=forms(*_MEDIA))
async def get_framework(
    request: Request, ledger: str, framework: str, asked: Annotated[ControlQuestion, Query()]
) -> Response:
    """What every control of a framework came to, a row each, and its tests."""
    catalogue: Catalogue = request.app.state.catalogue

    def wanted() -> Wanted:
        found = compliance.framework_in(catalogue, framework)
        return Wanted(catalogue, controls_of([found]))

    return await _overall(request, ledger, asked, wanted)


@router.get(
    "/v1/{ledger}/compliance/{framework}/{control:path}",
    tags=["compliance"],
    responses=forms(*_MEDIA),
)
async def get_control(
    request: Request,
    ledger: str,
    framework: str,
    control: str,
    asked: Annotated[ItemQuestion, Query()],
) -> Response:
    """What a control came to: its tests, and each item of their populations, exceptions first.

    With `sample` and `seed` a sample of each population in place of the page, which anybody can
    draw again, with what is to be looked at of each item.
    """
    catalogue: Catalogue = request.app.state.catalogue

    def wanted() -> Wanted:
        found = compliance.framework_in(catalogue, framework)
        return Wanted(catalogue, [(framework, compliance.control_in(found, control))])

    above = (compliance.RESULTS, compliance.OUTCOMES)
    return await _items(request, ledger, asked, wanted, above)


@router.get("/v1/{ledger}/controls", tags=["compliance"], responses=forms(JSON))
async def get_catalogue(request: Request, ledger: str) -> Response:
    """The catalogue in effect: every test, framework and control, with the digest of it all."""
    here, _ = await enter_reading(request, ledger, PART_READERS)
    catalogue: Catalogue = request.app.state.catalogue
    headers = facts(here) | {"ETag": f'"{catalogue.digest}"', "Cache-Control": "no-cache"}
    if is_had(request, headers):
        return Response(status_code=304, headers=headers)
    body = msgspec.json.encode({"digest": catalogue.digest} | catalogue.told())
    return Response(body, headers=headers, media_type=JSON)


@router.get("/v1/{ledger}/controls/tests/{test}", tags=["compliance"], responses=forms(*_MEDIA))
async def get_test(
    request: Request, ledger: str, test: str, asked: Annotated[ItemQuestion, Query()]
) -> Response:
    """What a test came to with its default parameters, and each item of its population."""
    catalogue: Catalogue = request.app.state.catalogue

    def wanted() -> Wanted:
        compliance.check_test(catalogue, test)
        return Wanted(catalogue, tests=(test,))

    return await _items(request, ledger, asked, wanted, (compliance.RESULTS,))


async def _overall(
    request: Request, ledger: str, asked: ControlQuestion, wanted: Callable[[], Wanted]
) -> Response:
    selections = (compliance.OUTCOMES, compliance.RESULTS)
    return await _answer(request, ledger, asked, wanted, selections)


async def _items(
    request: Request,
    ledger: str,
    asked: ItemQuestion,
    wanted: Callable[[], Wanted],
    above: tuple[Selection, ...],
) -> Response:
    asked.check()
    if asked.sample is not None:
        return await _answer(request, ledger, asked, wanted, above)
    page = replace(items_of(asked), offset=asked.offset, limit=asked.limit)
    return await _answer(request, ledger, asked, wanted, (page, *above))


def items_of(asked: ItemQuestion) -> Selection:
    """All items that a question is about."""
    chosen = {} if asked.outcome is None else {"outcome": str(asked.outcome)}
    return replace(compliance.ITEMS, equals=chosen)


async def _answer(
    request: Request,
    ledger: str,
    asked: ControlQuestion,
    wanted: Callable[[], Wanted],
    selections: tuple[Selection, ...],
) -> Response:
    media = prefer(request.headers.get("accept", ""), _MEDIA)
    here, credential = await enter(request, ledger, PART_READERS)
    found = wanted()
    await record_read(request, here, credential, path_of(request, here), found.named)
    return await answered(request, _make, request, here, asked, found, selections, media)


def _make(
    request: Request,
    here: Served,
    asked: ControlQuestion,
    wanted: Wanted,
    selections: tuple[Selection, ...],
    media: str,
) -> Response:
    chosen = asked.chosen(request.app.state.clock()) | {"controls": wanted.text}
    question = here.history.question(selections, chosen, asked.known_at, max_age(request))
    drawn = asked if isinstance(asked, ItemQuestion) and asked.sample is not None else None
    told_apart = (
        "" if drawn is None else f"{drawn.sample} {drawn.seed} {drawn.strata} {drawn.outcome}"
    )
    headers = headers_of(question, media, told_apart)
    headers["Pipeledger-Controls"] = wanted.catalogue.digest
    if is_had(request, headers):
        return Response(status_code=304, headers=headers)
    answer = here.history.answer(question)
    sample = None if drawn is None else _sample(here, drawn, chosen, question)
    page = selections[0]
    rows = answer.tables[page.table] if sample is None else sample.rows
    if page.limit is not None and rows.num_rows == page.limit:
        following = page.offset + page.limit
        headers["Link"] = next_page(request, offset=following, known_at=question.proof.position)
    if media != JSON:
        return Response(write_table(rows, media), headers=headers, media_type=media)
    told = answer.told() | {"catalogue": wanted.words}
    if sample is not None:
        sheets = here.history.sheets(question, sample.looked_at())
        told["sample"] = sample.told(wanted.catalogue, sheets)
    return Response(msgspec.json.encode(told), headers=headers, media_type=JSON)


def _sample(
    here: Served, asked: ItemQuestion, chosen: dict[str, Any], question: Question
) -> Sample:
    whole = here.history.question([items_of(asked)], chosen, str(question.proof.position))
    items = here.history.answer(replace(whole, state=question.state)).tables["control_items"]
    return Sample(items, asked.sample or 0, asked.seed or "", asked.strata, asked.outcome)
