"""What is asked of controls, as one text that definitions read and an answer carries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from projections.catalogue import Catalogue, Control

DEFAULT: Final = "default"


def asked_tests(catalogue: Catalogue, tests: Iterable[str] | None = None) -> str:
    """Tests with their default parameters.

    Args:
        catalogue: in effect.
        tests: their ids; None: all.
    """
    chosen = list(catalogue.tests) if tests is None else list(tests)
    rows = [_row(catalogue, name, DEFAULT, catalogue.values(name, {})) for name in chosen]
    return _text(catalogue, rows, [])


def asked_controls(catalogue: Catalogue, controls: Iterable[tuple[str, Control]]) -> str:
    """Controls with the tests that answer them, each with the parameters of its control.

    A test that two controls want with the same parameters is made once: a *variant* of a test is
    one set of its parameters, named after the first control that wants it.

    Args:
        catalogue: in effect.
        controls: framework and control.
    """
    variants: dict[tuple[str, str], str] = {}
    rows: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    for framework, control in controls:
        for test in control.tests:
            changed = control.parameters.get(test, {})
            values = catalogue.values(test, changed)
            key = (test, json.dumps(values, sort_keys=True))
            if key not in variants:
                is_default = values == catalogue.values(test, {})
                variants[key] = DEFAULT if is_default else f"{framework} {control.id}"
                rows.append(_row(catalogue, test, variants[key], values))
            links.append({
                "framework": framework, "control": control.id, "test": test,
                "variant": variants[key], "strength": control.strength,
            })  # fmt: skip
    return _text(catalogue, rows, links)


def _row(catalogue: Catalogue, test: str, variant: str, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "test": test, "variant": variant, "empty": catalogue.tests[test].empty,
        "parameters": values,
    }  # fmt: skip


def _text(catalogue: Catalogue, rows: list[dict[str, Any]], links: list[dict[str, Any]]) -> str:
    told = {"catalogue": catalogue.digest, "tests": rows, "controls": links}
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)
