"""A system that delivers by webhook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from intake.report import Format
    from intake.schemes import Scheme
    from intake.shape import Shape


@dataclass(frozen=True, slots=True)
class Sender:
    """One kind of system, as `source add KIND` names it.

    Attributes:
        name: the kind.
        title: its name for people.
        scheme: how it proves that a delivery is its own.
        formats: what it sends; which one a body is of is recognised by the body.
        kind_header: an unsigned header that names the kind of event, lower case, or None. It is
            not believed; where it disagrees with the body, that is recorded.
        pings: kinds that say only that the sender is there, lower case.
        is_ping: tells it from the body, where no header does.
        kind_of: tells the kind of event from the body, for what becomes no fact.
        folded: puts a delivery together whose headers hold a part of it: takes headers, names in
            lower case, bare media type and body, and gives media type and body.
        wide_kinds: kinds that any event may come under, lower case; they disagree with none.
        new_secret: writes 32 random bytes as a secret that the sender takes; None where the sender
            makes the secret itself and the operator brings it.
    """

    name: str
    title: str
    scheme: Scheme
    formats: tuple[Format, ...]
    kind_header: str | None = None
    pings: frozenset[str] = frozenset()
    is_ping: Callable[[Shape], bool] | None = None
    kind_of: Callable[[Shape], str | None] | None = None
    folded: Callable[[Mapping[str, str], str, bytes], tuple[str, bytes]] | None = None
    wide_kinds: frozenset[str] = frozenset()
    new_secret: Callable[[bytes], str] | None = bytes.hex
