"""Evidence packs of one ledger: what one is asked to hold, and how it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from domain.errors import RefusedError
from exporters.assessment import assessed
from exporters.oscal import write_oscal
from exporters.pack import FORMAT, Packing
from exporters.report.page import write_report
from projections.asked_controls import asked_controls
from projections.catalogue import controls_of
from projections.compliance import control_in, framework_in
from projections.parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from api.served import Served
    from exporters.assessment import Assessment
    from projections.catalogue import Catalogue, Control
    from projections.engine import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a pack is about.

    Attributes:
        frameworks: whole frameworks, by id; none, and no control: all.
        controls: single controls, as `framework/id`.
        window: the parameters of the window, where one is chosen.
        narrowed: `service`, `team`, `environment`, `repository` or `release` (`service@version`),
            where the pack is about one of these alone.
    """

    frameworks: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    window: dict[str, datetime] = field(default_factory=dict)
    narrowed: dict[str, str] = field(default_factory=dict)


def packing_of(one: Served, catalogue: Catalogue) -> Packing:
    """What packs of a ledger are made of."""
    reader = one.ledger.reader

    def written(write: Callable[[Assessment], bytes]) -> Callable[[View], bytes]:
        return lambda view: write(assessed(one.whole, view, catalogue))

    return Packing(
        one.whole, catalogue, one.ledger.vkeys, one.ledger.sign_statement, reader.checkpoint,
        reader.root,
        {"report.html": written(write_report), "assessment-results.json": written(write_oscal)},
    )  # fmt: skip


def parameters_of(scope: Scope, catalogue: Catalogue, known_at: int) -> Parameters:
    """The parameters that a pack's tables are made with.

    Raises:
        NotFoundError: no such framework or control; names those that are known.
        RefusedError: the window ends before it begins, or a control is named without framework.
    """
    controls = asked_controls(catalogue, _controls(scope, catalogue))
    chosen: dict[str, Any] = {**scope.window, **scope.narrowed}
    return Parameters(known_at=known_at, controls=controls, **chosen)


def identity_of(parameters: Parameters, size: int) -> str:
    """The id of a pack: the same for the same question over so many entries."""
    said = msgspec.json.encode(
        {"format": FORMAT, "size": size, **parameters.told()}, order="sorted"
    )
    return sha256(said).hexdigest()[:32]


def _controls(scope: Scope, catalogue: Catalogue) -> list[tuple[str, Control]]:
    if not scope.frameworks and not scope.controls:
        return controls_of(catalogue.frameworks.values())
    found = controls_of(framework_in(catalogue, name) for name in dict.fromkeys(scope.frameworks))
    for told in dict.fromkeys(scope.controls):
        name, mark, control = told.partition("/")
        if not mark:
            raise RefusedError("control", "expected FRAMEWORK/CONTROL")
        if name not in scope.frameworks:
            found.append((name, control_in(framework_in(catalogue, name), control)))
    return found
