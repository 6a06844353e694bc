"""Free texts are taken out of events, sealed as a part, and put back for whoever may read them.

Their places are JSON Pointers (RFC 6901).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.events.marks import EACH, VALUES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from domain.events.marks import Path


def take(data: Any, path: Path, at: tuple[str, ...], texts: dict[str, str]) -> None:  # noqa: ANN401 - JSON
    """Take the texts that a path leads to out of data.

    Args:
        data: of the event, which is changed.
        path: of a marked field.
        at: the steps that led to `data`.
        texts: gets place and text of each.
    """
    step, rest = path[0], path[1:]
    if step == EACH and isinstance(data, list):
        keys: list[Any] = list(range(len(data)))
    elif step == VALUES and isinstance(data, dict):
        keys = list(data)
    elif isinstance(data, dict) and data.get(step) is not None:
        keys = [step]
    else:
        return
    for key in keys:
        here = (*at, str(key))
        if rest:
            take(data[key], rest, here, texts)
        elif isinstance(data[key], str):
            texts[_pointer(here)] = data[key]
            # A place in a list stays, so that the others keep their numbers.
            if isinstance(data, list):
                data[key] = ""
            else:
                del data[key]


def put_back(data: Any, texts: Mapping[str, str]) -> None:  # noqa: ANN401 - JSON
    """Put texts back where they were taken from.

    Args:
        data: of the event, which is changed.
        texts: of its sealed part: place to text.
    """
    for path, text in texts.items():
        steps, holder = steps_of(path), data
        while len(steps) > 1 and isinstance(inner := _inner(holder, steps[0]), dict | list):
            holder = inner
            del steps[0]
        # Of a path joined by dots the rest is one name that has some.
        last = ".".join(steps)
        holder[int(last) if isinstance(holder, list) else last] = text


def _inner(holder: Any, step: str) -> Any:  # noqa: ANN401 - JSON
    return holder[int(step)] if isinstance(holder, list) else holder.get(step)


def _pointer(steps: Iterable[str]) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def steps_of(path: str) -> list[str]:
    """The steps of a pointer, or of a path joined by dots, as parts had them once."""
    if not path.startswith("/"):
        return path.split(".")
    return [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]
