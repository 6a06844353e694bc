"""What is asked of a ledger about controls, and the words that go with its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.errors import NotFoundError
from projections.asked_controls import is_built
from projections.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from projections.catalogue import Catalogue, Control, Framework

OUTCOMES: Final = Selection("control_outcomes", order=("framework", "place"))
"""A row a control, in the order of its framework."""
RESULTS: Final = Selection("control_results", order=("test", "variant"))
"""A row a test and set of its parameters."""
ITEMS: Final = Selection(
    "control_items", order=("urgency", "test", "variant", "occurred_at", "item_key")
)
"""A row an item of a population, what is to be looked at first."""
_NAMED: Final = 400
"""Names of what there is, where something is not: at most so many."""


def framework_in(catalogue: Catalogue, name: str) -> Framework:
    """A framework by its id.

    Raises:
        NotFoundError: there is none; names those that there are.
    """
    found = catalogue.frameworks.get(name)
    if found is None:
        raise NotFoundError(f"no framework of this name; there are {_named(catalogue.frameworks)}")
    return found


def control_in(framework: Framework, name: str) -> Control:
    """A control of a framework by its id there.

    Raises:
        NotFoundError: there is none; names those that there are.
    """
    for one in framework.controls:
        if one.id == name:
            return one
    there = _named(one.id for one in framework.controls)
    raise NotFoundError(f"{framework.framework} has no control of this name here; it has {there}")


def check_test(catalogue: Catalogue, name: str) -> None:
    """Refuse a test that is none.

    Raises:
        NotFoundError: there is none; names those that there are.
    """
    if name not in catalogue.tests:
        raise NotFoundError(f"no test of this name; there are {_named(catalogue.tests)}")


def words_of(
    catalogue: Catalogue, controls: Iterable[tuple[str, Control]], tests: Iterable[str] = ()
) -> dict[str, Any]:
    """What the catalogue says of controls and the tests that answer them.

    Args:
        catalogue: in effect.
        controls: framework and control.
        tests: further tests.
    """
    asked = list(controls)
    frameworks = {name: catalogue.frameworks[name] for name, _ in asked}
    wanted = dict.fromkeys([*(test for _, one in asked for test in one.tests), *tests])
    return {
        "digest": catalogue.digest,
        "frameworks": {
            name: {"title": one.title, "source": one.source, "verification": one.verification}
            for name, one in frameworks.items()
        },
        "notes": [
            {"framework": name, "control": one.id, "note": one.note, "source": one.source}
            for name, one in asked if one.note or one.source
        ],
        "tests": {name: _words_of_test(catalogue, name) for name in wanted},
    }  # fmt: skip


def _words_of_test(catalogue: Catalogue, name: str) -> dict[str, Any]:
    one = catalogue.tests[name]
    return {
        "title": one.title, "population": one.population, "satisfied": one.satisfied,
        "violated": one.violated, "audit": one.audit, "built": is_built(name),
        "parameters": {key: said.meaning for key, said in one.parameters.items()},
    }  # fmt: skip


def _named(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more
