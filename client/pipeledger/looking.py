"""Looks into JSON that some tool printed, whatever shape it turns out to have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeledger.names import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def at(value: Any, *steps: str) -> Any:  # noqa: ANN401 - JSON
    """What stands under these names, or None."""
    for step in steps:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def text(value: Any, *steps: str) -> str:  # noqa: ANN401 - JSON
    """The text under these names as events hold it, or nothing."""
    found = at(value, *steps)
    return named(found) if isinstance(found, str) else ""


def objects(value: Any, *steps: str) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """The objects of the list under these names."""
    found = at(value, *steps)
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict):
            yield one


def listed(value: Any, *steps: str) -> list[dict[str, Any]] | None:  # noqa: ANN401 - JSON
    """The list of objects under these names; None where something else stands there."""
    found = at(value, *steps)
    whole = isinstance(found, list) and all(isinstance(one, dict) for one in found)
    return found if whole else None


def texts(value: Any, *steps: str) -> list[str]:  # noqa: ANN401 - JSON
    """The texts of the list under these names."""
    found = at(value, *steps)
    told = [named(one) for one in found if isinstance(one, str)] if isinstance(found, list) else []
    return [one for one in told if one]


def labelled(labels: Any, wanted: Sequence[str]) -> tuple[str, str]:  # noqa: ANN401 - JSON
    """The first of these labels that is there: its value, and what told so; or nothing."""
    for label in wanted:
        if value := text(labels, label):
            return value, f"label {label}"
    return "", ""
