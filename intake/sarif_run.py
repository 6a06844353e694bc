"""One run of a SARIF file: what is short is read at once, the results a few at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self, TypeVar

import msgspec

from intake.json_array import read_array
from intake.json_body import decoded, read_fields
from intake.sarif_structure import (
    Artifact,
    Automation,
    Elsewhere,
    Invocation,
    Origin,
    Result,
    RunMembers,
    RunProperties,
    Tool,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.buffer import Buffer

T = TypeVar("T")

_AROUND: Final = 3
"""Levels around the members of a run: the file, its runs, the run."""
_MEMBERS: Final = msgspec.json.Decoder(RunMembers)


@dataclass(frozen=True, slots=True)
class Run:
    """A run (section 3.14); what the file leaves out is None.

    Attributes:
        place: where it stands: `runs[0]`.
        tool, invocations, artifacts, origins, elsewhere, properties, automation: see `RunMembers`.
        results: a JSON array.
    """

    place: str
    tool: Tool
    invocations: list[Invocation] | None
    artifacts: list[Artifact] | None
    origins: list[Origin] | None
    elsewhere: Elsewhere | None
    properties: RunProperties | None
    automation: Automation | None
    results: memoryview | None = field(repr=False)

    @classmethod
    def read(cls, text: Buffer, place: str) -> Self:
        """The run that a JSON text is; its results are not read yet.

        Raises:
            RefusedError: of another structure; the field is named.
            TooLargeError: a member other than the results is too large.
        """
        told = decoded(_MEMBERS, text, place)

        def member(raw: msgspec.Raw, kind: type[T], name: str) -> T | None:
            view = _there(raw)
            return None if view is None else read_fields(view, kind, f"{place}.{name}", _AROUND)

        return cls(
            place,
            read_fields(memoryview(told.tool), Tool, f"{place}.tool", _AROUND),
            member(told.invocations, list[Invocation], "invocations"),
            member(told.artifacts, list[Artifact], "artifacts"),
            member(told.origins, list[Origin], "versionControlProvenance"),
            member(told.elsewhere, Elsewhere, "externalPropertyFileReferences"),
            member(told.properties, RunProperties, "properties"),
            member(told.automation, Automation, "automationDetails"),
            _there(told.results),
        )

    def read_results(self) -> Iterator[Result]:
        """The results in order, a few in memory at a time.

        Raises:
            RefusedError: one is of another structure; it is named.
            TooLargeError: one is too large, or too deeply nested.
        """
        if self.results is not None:
            yield from read_array(self.results, Result, f"{self.place}.results", _AROUND)


def _there(member: msgspec.Raw) -> memoryview | None:
    """A member's text, unless it is `null` or left out."""
    text = memoryview(member)
    return None if bytes(text[:4]) == b"null" else text
