"""Controls for people: frameworks, one framework, one control item by item, or a sample of it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from pipeledger.looking import at, objects, text
from pipeledger.page import Page, Table
from pipeledger.readable import amount, instant, name

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeledger.answers import Answer

Row = dict[str, Any]
_RED, _GREEN, _YELLOW, _BLUE, _GREY = 31, 32, 33, 34, 90
COLOURS = {
    "violated": _RED, "satisfied": _GREEN, "insufficient-evidence": _YELLOW, "excepted": _BLUE,
    "not-applicable": _GREY,
}  # fmt: skip
_COUNTS = ("population", "violated", "insufficient", "excepted", "satisfied")
_NOTE = (
    "satisfied: of the events that are here, by the tests named; whether somebody is compliant, "
    "people judge"
)
_Cell = tuple[str, str, "Callable[[Any], str]"]
_ITEM: tuple[_Cell, ...] = (
    ("outcome", "outcome", name), ("when (UTC)", "occurred_at", instant), ("test", "test", name),
    ("what", "item_key", name), ("why", "reason", name), ("waivers", "waivers", name),
    ("entries", "positions", name),
)  # fmt: skip


def compliance_page(answer: Answer, framework: str | None, control: str | None) -> Page:
    """What was asked for, as a page.

    Args:
        answer: of the ledger.
        framework: that was asked for, or None for all.
        control: of the framework, or None for all.
    """
    page = Page(_title(answer, framework, control))
    outcomes = answer.tables.get("control_outcomes", [])
    if framework is None:
        page.tables.append(_frameworks(outcomes))
        page.notes.append("one framework: pipeledger query compliance FRAMEWORK")
    elif control is None:
        page.tables.append(_controls(outcomes))
        page.notes.append(f"one control: pipeledger query compliance {framework} CONTROL")
    else:
        _one(page, answer, outcomes)
    if any(row.get("not_built") for row in outcomes):
        tests = sorted({test for row in outcomes for test in row.get("not_built") or ()})
        page.notes.append(f"not evaluated, since these tests are not built: {name(tests)}")
    page.notes += [_NOTE, f"catalogue {_digest(answer)}"]
    return page


def _title(answer: Answer, framework: str | None, control: str | None) -> str:
    asked = answer.parameters
    named = " ".join(filter(None, ("Compliance", framework, control)))
    window = f"{instant(asked.get('window_from'))} to {instant(asked.get('window_to'))} UTC"
    chosen = [
        f"{key} {name(asked.get(key))}"
        for key in ("service", "team", "environment", "repository") if asked.get(key)
    ]  # fmt: skip
    return ", ".join([f"{named}: {window}", *chosen])


def _frameworks(rows: list[Row]) -> Table:
    counted: dict[str, Counter[str]] = {}
    for row in rows:
        counted.setdefault(name(row.get("framework")), Counter())[text(row, "outcome")] += 1
    return Table(
        ("framework", "controls", *COLOURS),
        [
            (one, str(found.total()), *(amount(found[outcome]) for outcome in COLOURS))
            for one, found in counted.items()
        ],
    )


def _controls(rows: list[Row]) -> Table:
    return Table(
        ("control", "outcome", *_COUNTS, "strength", "title"),
        [
            (name(row.get("control")), name(row.get("outcome")),
             *(amount(row.get(key)) for key in _COUNTS),
             name(row.get("strength")), name(row.get("title")))
            for row in rows
        ],
        colours=COLOURS,
    )  # fmt: skip


def _one(page: Page, answer: Answer, outcomes: list[Row]) -> None:
    page.tables.append(_controls(outcomes))
    results = answer.tables.get("control_results", [])
    page.tables.append(
        Table(
            ("test", "outcome", *_COUNTS, "parameters", "why"),
            [
                (name(row.get("test")), name(row.get("outcome")),
                 *(amount(row.get(key)) for key in _COUNTS),
                 text(row, "parameters"), name(row.get("reason")))
                for row in results
            ],
            "Tests", COLOURS,
        )
    )  # fmt: skip
    sample = at(json.loads(answer.raw), "sample")
    if sample is not None:
        for one in objects(sample, "populations"):
            _sampled(page, one, text(sample, "seed"))
    elif items := answer.tables.get("control_items", []):
        more = " and more" if answer.more else ""
        page.tables.append(_items(items, f"Items: {len(items)}{more}"))
    else:
        page.notes.append("items: none")


def _sampled(page: Page, one: Row, seed: str) -> None:
    items = list(objects(one, "items"))
    strata = ", ".join(
        f"{amount(each.get('sampled'))} of {amount(each.get('population'))} in "
        f"{name(each.get('stratum'))}"
        for each in objects(one, "strata")
    )
    title = f"Sample of {text(one, 'test')} by the seed {seed}: {strata}"
    page.tables.append(_items(items, title))
    if items:
        page.notes.append(f"{text(one, 'test')}: {text(items[0], 'sheet', 'audit')}")


def _items(rows: list[Row], title: str) -> Table:
    headings = tuple(heading for heading, _, _ in _ITEM)
    cells = [tuple(shown(row.get(key)) for _, key, shown in _ITEM) for row in rows]
    return Table(headings, cells, title, COLOURS)


def _digest(answer: Answer) -> str:
    return text(json.loads(answer.raw), "catalogue", "digest")
