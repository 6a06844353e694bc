"""What a report format gives: readings, and documents that belong to them.

A format is pure: it gets the bytes of one file and gives readings. A reading is a fact in our
vocabulary; what the caller knows, who it is, and under which source and id it comes, is for the
door to add.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from domain.content import pieces_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from domain.content import Content
    from intake.instant import Told
    from intake.shape import Shape


@dataclass(frozen=True, slots=True)
class Document:
    """A document made from a report: one JSON object a line.

    Attributes:
        name: the part it will be (`findings`, `results`).
        content: the bytes.
        digest: `sha256:` and 64 hex digits of the bytes.
    """

    name: str
    content: Content = field(repr=False)
    digest: str

    @property
    def body(self) -> bytes:
        """All bytes at once; a long document is better read in pieces."""
        return b"".join(pieces_of(self.content))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One fact that a report tells.

    Attributes:
        type: with version, as an event carries it (`pipeledger.scan.finished.v1`).
        kind: the sender's own word for it (`pull_request.closed`), or None.
        source: the system and place it speaks of, as an absolute URI without a fragment
            (the repository's address), or None where the file does not say it.
        time: the file's own instant, RFC 3339 with offset, or None where it has none.
        local_time: the file's instant as it stands there, where it has no zone, or None.
        data: the event's data, without the caller's facts.
        documents: what is too long for an event; `data` names it by digest.
        identity: what the sender calls this fact and no other of its source, or None: then it is
            known again by the bytes of the file.
    """

    type: str
    data: dict[str, Any]
    kind: str | None = None
    source: str | None = None
    time: str | None = None
    local_time: str | None = None
    documents: tuple[Document, ...] = ()
    identity: str | None = None


def fact(
    what: str,
    told: Told | None,
    data: Mapping[str, Any],
    *,
    kind: str | None = None,
    source: str | None = None,
    documents: Iterable[Document | None] = (),
    identity: str | None = None,
) -> Reading:
    """A reading.

    Args:
        what: the type without prefix and version (`scan.finished`).
        told: the file's own instant of it, or None.
        data: fields; None is left out.
        kind: see `Reading`.
        source: see `Reading`.
        documents: what belongs to it; None is left out.
        identity: see `Reading`.
    """
    return Reading(
        type=f"pipeledger.{what}.v1",
        kind=kind,
        source=source,
        time=told.time if told else None,
        local_time=told.local if told else None,
        data={name: value for name, value in data.items() if value is not None},
        documents=tuple(one for one in documents if one is not None),
        identity=identity,
    )


@dataclass(frozen=True, slots=True)
class Format:
    """One report format.

    Attributes:
        name: what `?format=` takes and the documentation lists.
        title: its name for people.
        media_type: bare media type of such a file.
        claims: tells from the shape of a file whether it is of this format.
        read: reads a file that is, or is said to be; gives no reading where the file is of this
            format and tells of something that the vocabulary has no fact for; raises
            `RefusedError` naming the place, `TooLargeError` where a limit was passed.
        read_long: reads a file of any allowed size in memory that does not grow with it, or None:
            then the file is in memory whole, and may not have more than `MAX_WHOLE` bytes.
    """

    name: str
    title: str
    media_type: str
    claims: Callable[[Shape], bool]
    read: Callable[[bytes], list[Reading]]
    read_long: Callable[[memoryview], list[Reading]] | None = None
