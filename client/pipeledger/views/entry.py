"""One entry as a page: what its bytes say, then what the event in it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeledger.looking import text
from pipeledger.page import Page, Table
from pipeledger.readable import NOTHING, instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeledger.proved import Shown

_EVENT = "event"
_ENVELOPE = ("time", "source", "id", "subject")
_DEEPEST = 8
"""Objects and lists within each other that are shown field by field; deeper ones, as JSON."""
_MOST = 200
"""Fields of an event that are shown."""


def entry_page(shown: Shown) -> Page:
    """An entry that was checked, as a page."""
    entry, context = shown.entry, shown.entry.context
    by = context["by"]
    numbers = zip(context["streams"], entry.seq["sn"], strict=True)
    rows = [
        ("type", f"{context['type']}, version {context['tv']}"),
        ("recorded", instant(entry.seq["at"])),
        ("assurance", context["as"]),
        ("by", f"{by['p']} with {by['cred']} ({by['how']})"),
        ("streams", ", ".join(f"{name} #{number}" for name, number in numbers) or NOTHING),
        ("tags", " ".join(context["tags"]) or NOTHING),
        ("parts", ", ".join(_parts(shown))),
    ]
    page = Page(f"Entry {entry.position} of {context['o']}", [Table(("", ""), rows)])
    if _EVENT in shown.parts:
        page.tables.append(_event(shown.parts[_EVENT], page))
    else:
        page.notes.append("what the event says was redacted, or is withheld from this token")
    page.proof = [*shown.lines]
    return page


def _parts(shown: Shown) -> Iterator[str]:
    context = shown.entry.context
    yield _part(shown, _EVENT, context["event"]["len"])
    for part in context["parts"]:
        yield _part(shown, part["name"], part["len"])


def _part(shown: Shown, name: str, length: int) -> str:
    return f"{name} ({length} bytes{', not here' if name in shown.absent else ''})"


def _event(body: bytes, page: Page) -> Table:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        page.notes.append("the event is no JSON object; --json has its bytes")
        return Table(("", ""), [("event", f"{len(body)} bytes")], title="The event")
    rows = [(name, text(said, name)) for name in _ENVELOPE if text(said, name)]
    for row in _fields(said.get("data"), "", 0):
        if len(rows) == _MOST:
            page.notes.append(f"the first {_MOST} fields are shown; --json has all")
            break
        rows.append(row)
    return Table(("", ""), rows or [("data", NOTHING)], title="The event")


def _fields(value: Any, name: str, depth: int) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    if isinstance(value, dict) and value and depth < _DEEPEST:
        for key, below in value.items():
            yield from _fields(below, f"{name}.{key}" if name else key, depth + 1)
    elif (
        isinstance(value, list)
        and depth < _DEEPEST
        and any(isinstance(one, dict | list) for one in value)
    ):
        for number, one in enumerate(value):
            yield from _fields(one, f"{name}[{number}]", depth + 1)
    elif value is not None:
        yield name or "data", _word(value)


def _word(value: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        # A ledger takes none that is so deep, but what answers need be no ledger.
        return "(nested too deeply to be shown)"
