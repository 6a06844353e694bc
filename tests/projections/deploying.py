"""What tests of the rules on deployments ask of a story."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.projections.telling import (
    Story,
    deployed,
    only,
)

if TYPE_CHECKING:
    from projections.engine import View

CONTROLLER = "https://controller.example"


def counts(view: View, name: str, **wanted: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether a deployment stands in D."""
    row = only(view, "deployments", deployment=name, **wanted)
    return bool(row["counted"] and row["tier"] == "production")


def gaps(view: View) -> dict[tuple[str, str], int]:
    """What the window leaves out."""
    rows = view.table("window_gaps").to_pylist()
    return {(row["gap"], row["name"]): row["items"] for row in rows}


def sequence(*steps: tuple[str, dict[str, Any]]) -> Story:
    """Deployments d1, d2 … of one line, an hour apart."""
    story = Story()
    for number, (content, more) in enumerate(steps, 1):
        deployed(story, f"d{number}", f"03-05T{9 + number:02d}:00", content, **more)
    return story


BAD: dict[str, Any] = {"outcome": "failure", "impact": True}
R, P, D = "rollback", "planned", "redeploy"
