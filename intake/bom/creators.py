"""Who and what wrote an SPDX document, as its creators tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from intake.person import person_of

if TYPE_CHECKING:
    from collections.abc import Iterable

# `syft-1.44.0`, `Microsoft.SBOMTool-2.2.3`, `trivy-v0.50`: the version begins with a digit.
_VERSIONED: Final = re.compile(r"(.+?)-v?(\d[^\s]*)")
_PERSON: Final = re.compile(r"(?P<name>[^()]*?)\s*(?:\((?P<email>[^()\s]*@[^()\s]*)\)|\(\s*\))?")
# Looking for where a name ends takes longer than the text is long.
_LONGEST: Final = 1000


def tool_of(identifier: str | None) -> tuple[str | None, str | None]:
    """Name and version in a tool's identifier (SPDX 2.3 section 6.8)."""
    text = (identifier or "")[:_LONGEST].strip()
    found = _VERSIONED.fullmatch(text)
    return (found[1], found[2]) if found else (text or None, None)


def person_named(text: str) -> dict[str, Any] | None:
    """The person in `name (e-mail address)`."""
    text = text[:_LONGEST].strip()
    found = _PERSON.fullmatch(text)
    if found is None:
        return person_of("spdx", name=text)
    return person_of("spdx", name=found["name"], email=found["email"])


def read_creators(creators: Iterable[str]) -> dict[str, Any]:
    """The fields `tool`, `tool_version`, `actor` of a bill of materials.

    The first tool counts; a person only where it is the only one.
    """
    tools, persons = [], []
    for one in creators:
        kind, _, told = one.partition(":")
        if kind.strip().lower() == "tool":
            tools.append(told)
        elif kind.strip().lower() == "person":
            persons.append(told)
    tool, version = tool_of(tools[0]) if tools else (None, None)
    actor = person_named(persons[0]) if len(persons) == 1 else None
    return {"tool": tool, "tool_version": version, "actor": actor}
