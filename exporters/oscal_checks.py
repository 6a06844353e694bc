"""What an OSCAL document of ours must keep before anybody gets it.

Validators check the form; none of them checks both that what is referred to is there and that
words come from OSCAL's lists. Where a document breaks a rule, the place is named.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from domain.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

METHODS: Final = frozenset({"EXAMINE", "INTERVIEW", "TEST", "UNKNOWN"})
"""How something may be observed, in OSCAL's words."""
_STATES: Final = frozenset({"satisfied", "not-satisfied"})
_REASONS: Final = frozenset({"pass", "fail", "other"})
_TARGETS: Final = frozenset({"objective-id", "statement-id"})
_START: Final = (
    "_A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd"
)
_TOKEN: Final = re.compile(rf"[{_START}][{_START}\-.0-9\u00b7\u0300-\u036f\u203f-\u2040]*")
_UUID: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_LINE: Final = re.compile(r"\S(.*\S)?")


def _among(words: frozenset[str]) -> Callable[[str], bool]:
    return words.__contains__


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        return False


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


_TEXTS: Final[dict[str, Callable[[str], bool]]] = {
    "uuid": _matches(_UUID), "component-uuid": _matches(_UUID), "actor-uuid": _matches(_UUID),
    "observation-uuid": _matches(_UUID),
    "control-id": _matches(_TOKEN), "target-id": _matches(_TOKEN), "name": _matches(_TOKEN),
    "state": _among(_STATES | {"operational"}), "reason": _among(_REASONS),
    "title": _matches(_LINE), "value": _matches(_LINE),
    "start": _is_instant, "end": _is_instant, "collected": _is_instant,
    "last-modified": _is_instant,
}  # fmt: skip
"""What a text of this name must be, wherever it stands."""
_REFERENCES: Final = ("component-uuid", "actor-uuid", "observation-uuid")


def check_document(document: dict[str, Any]) -> None:
    """Refuse a document that breaks a rule.

    Raises:
        SettingError: names the first place; what the document is made of has to change, such as
            an id in the catalogue of controls.
    """
    for problem in problems(document):
        raise SettingError(f"no valid OSCAL: {problem}")


def problems(document: dict[str, Any]) -> Iterator[str]:
    """Each place where a document breaks a rule, and which."""
    known: set[str] = set()
    referred: list[tuple[str, str]] = []
    for place, name, value in _walk("", document):
        if (problem := _problem(name, value)) is not None:
            yield f"{place}: {problem}"
        if name == "uuid":
            if value in known:
                yield f"{place}: the same identifier twice"
            known.add(value)
        elif name in _REFERENCES:
            referred.append((place, value))
        elif name == "href" and value.startswith("#"):
            referred.append((place, value[1:]))
    yield from (f"{place}: refers to nothing" for place, value in referred if value not in known)


def _problem(name: str, value: Any) -> str | None:  # noqa: ANN401 - JSON
    """What is wrong with a value of this name by itself."""
    if value is None or value in ("", [], {}):
        return "empty"
    if name in _TEXTS and isinstance(value, str) and not _TEXTS[name](value):
        return f"not allowed here: {value[:100]!a}"
    if name == "methods" and isinstance(value, list) and not METHODS.issuperset(value):
        return "no method of OSCAL"
    if name == "target" and value.get("type") not in _TARGETS:
        return "no kind of target"
    return None


def _walk(place: str, value: Any) -> Iterator[tuple[str, str, Any]]:  # noqa: ANN401 - JSON
    """Every value below with its place and its name there; elements of lists by their list's."""
    name = place.rpartition("/")[2].partition("[")[0]
    yield place, name, value
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _walk(f"{place}/{key}", one)
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from _walk(f"{place}[{at}]", one)
