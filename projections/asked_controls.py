"""What is asked of controls, as one text that definitions read and an answer carries.

A table of the layer `controls` that is called like a test (`chg_02`) says what that test came to,
item by item, with the columns of `JUDGED`. Those of tests that nobody asks for stay empty.
"""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from domain.errors import SettingError
from projections.catalogue import controls_of, table_of
from projections.contract import ARROW
from projections.definitions import definitions

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from projections.catalogue import Catalogue, Control

DEFAULT: Final = "default"
MOST: Final = 1 << 20
"""Bytes of such a text: verifiers take no longer one."""
_TEST: Final = re.compile("[a-z]{2,3}_[0-9]{2}")
JUDGED: Final = pa.schema([
    pa.field(name, ARROW[kind])
    for name, kind in {
        "variant": "VARCHAR", "item_key": "VARCHAR", "item": "VARCHAR", "service": "VARCHAR",
        "team": "VARCHAR", "environment": "VARCHAR", "repository": "VARCHAR",
        "artifacts": "VARCHAR[]", "occurred_at": "TIMESTAMPTZ", "outcome": "VARCHAR",
        "reason": "VARCHAR", "assurance": "VARCHAR", "positions": "BIGINT[]",
    }.items()
])  # fmt: skip
"""Columns of the table of a test: `control_items` without what they have in common."""


def asked_tests(catalogue: Catalogue, tests: Iterable[str] | None = None) -> str:
    """Tests with their default parameters.

    Args:
        catalogue: in effect.
        tests: their ids; None: all.
    """
    chosen = list(catalogue.tests) if tests is None else list(tests)
    rows = [_row(catalogue, name, DEFAULT, catalogue.values(name, {})) for name in chosen]
    return _text(catalogue, rows, [])


def asked_controls(
    catalogue: Catalogue, controls: Iterable[tuple[str, Control]], tests: Iterable[str] = ()
) -> str:
    """Controls with the tests that answer them, each with the parameters of its control.

    A test that two controls want with the same parameters is made once: a *variant* of a test is
    one set of its parameters, named after the first control that wants it.

    Args:
        catalogue: in effect.
        controls: framework and control.
        tests: ids of further tests, with their default parameters.
    """
    variants: dict[tuple[str, str], str] = {}
    rows: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    for framework, control in controls:
        answering = []
        for test in control.tests:
            changed = control.parameters.get(test, {})
            values = catalogue.values(test, changed)
            key = (test, json.dumps(values, sort_keys=True))
            if key not in variants:
                is_default = values == catalogue.values(test, {})
                variants[key] = DEFAULT if is_default else f"{framework} {control.id}"
                rows.append(_row(catalogue, test, variants[key], values))
            answering.append({"test": test, "variant": variants[key]})
        verification = control.verification or catalogue.frameworks[framework].verification
        told.append({
            "framework": framework, "control": control.id, "title": control.title,
            "strength": control.strength, "verification": verification, "tests": answering,
        })  # fmt: skip
    rows += [
        _row(catalogue, test, DEFAULT, catalogue.values(test, {}))
        for test in tests
        if (test, json.dumps(catalogue.values(test, {}), sort_keys=True)) not in variants
    ]
    return _text(catalogue, rows, told)


def every_control(catalogue: Catalogue) -> str:
    """All tests and controls of a catalogue."""
    return asked_controls(catalogue, controls_of(catalogue.frameworks.values()), catalogue.tests)


def check_catalogue(catalogue: Catalogue) -> None:
    """Refuse a catalogue that no answer could speak of.

    Raises:
        SettingError: it asks too much at once.
    """
    if len(every_control(catalogue).encode()) > MOST:
        raise SettingError(f"the controls and their parameters come to over {MOST} bytes")


def _row(catalogue: Catalogue, test: str, variant: str, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "test": test, "variant": variant, "empty": catalogue.tests[test].empty,
        "built": is_built(test), "parameters": values,
    }  # fmt: skip


def _text(catalogue: Catalogue, rows: list[dict[str, Any]], told: list[dict[str, Any]]) -> str:
    settings = {name: one.default for name, one in catalogue.settings.items()}
    whole = {
        "catalogue": catalogue.digest, "settings": settings, "tests": rows, "controls": told,
    }  # fmt: skip
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False)


@functools.cache
def built_tests() -> frozenset[str]:
    """Names of the tables that tests are judged by."""
    return frozenset(
        name
        for name, one in definitions().items()
        if one.layer == "controls" and _TEST.fullmatch(name)
    )


def is_built(test: str) -> bool:
    """Whether a test of the catalogue is judged at all: others leave a control open."""
    return table_of(test) in built_tests()


def not_asked(controls: str | None) -> frozenset[str]:
    """Those of them that stay empty, since nobody asks for their tests.

    Args:
        controls: what is asked, or None.
    """
    rows = [] if controls is None else json.loads(controls)["tests"]
    return built_tests() - {table_of(row["test"]) for row in rows if row.get("built", True)}


def left_open(controls: str, tests: Container[str]) -> str:
    """The same question, of some tests not looked at: what rests on them stays open.

    Args:
        controls: what is asked.
        tests: ids of these tests.
    """
    told = json.loads(controls)
    for row in told["tests"]:
        if row["test"] in tests:
            row["built"] = False
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)
