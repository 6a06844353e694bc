"""How deep a JSON text is nested and how many objects and arrays it has, before any is built.

The text is passed over in pieces, so that a large one takes no memory; brackets in strings do not
count. The text need not be valid: then only the numbers mean little.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from domain.errors import TooLargeError
from intake.limits import MAX_DEPTH, MAX_NODES

if TYPE_CHECKING:
    from intake.buffer import Buffer

_PIECE: Final = 256 * 1024
_OTHERS: Final = bytes(byte for byte in range(256) if byte not in b'[]{}"')
_STEPS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")


@dataclass(slots=True)
class Nesting:
    """A place in a JSON text, and what lies before it.

    Attributes:
        depth: levels that are open here.
        low: the fewest that were open anywhere in what was passed over last.
        nodes: objects and arrays that began before.
        in_string: the place is inside a string.
    """

    depth: int = 0
    low: int = 0
    nodes: int = 0
    in_string: bool = False

    def pass_over(self, text: Buffer, start: int, stop: int) -> int:
        """Go on over `text[start:stop]`; gives where it stopped.

        That is one later where the piece would end inside an escape.

        Raises:
            TooLargeError: nested deeper than `MAX_DEPTH`.
        """
        piece = bytes(text[start:stop])
        if (len(piece) - len(piece.rstrip(b"\\"))) % 2:
            stop += 1
            piece = bytes(text[start:stop])
        if b"\\" in piece:
            piece = piece.replace(b"\\\\", b"").replace(b'\\"', b"")
        # Two quotes with nothing but other text between them end no string that another begins.
        marks = piece.translate(None, _OTHERS).replace(b'""', b"").split(b'"')
        brackets = b"".join(marks[self.in_string :: 2]).translate(_STEPS)
        self.in_string = self.in_string != (len(marks) % 2 == 0)
        self.low = self.depth
        if brackets:
            self._step(brackets)
        return min(stop, len(text))

    def _step(self, brackets: bytes) -> None:
        depths = list(accumulate(memoryview(brackets).cast("b"), initial=self.depth))
        if max(depths) > MAX_DEPTH:
            raise too_deep()
        self.depth, self.low = depths[-1], min(depths)
        self.nodes += brackets.count(1)


def too_deep() -> TooLargeError:
    """That a text is nested deeper than `MAX_DEPTH`."""
    return TooLargeError("document", f"nested deeper than {MAX_DEPTH} levels")


def check_nesting(text: Buffer, depth: int = 0) -> None:
    """Refuse a text that is nested too deeply or has too many objects and arrays.

    Args:
        text: a JSON text.
        depth: levels that are open around it.

    Raises:
        TooLargeError: deeper than `MAX_DEPTH` levels, or more than `MAX_NODES` of them.
    """
    passed = Nesting(depth)
    at = 0
    while at < len(text):
        at = passed.pass_over(text, at, at + _PIECE)
        if passed.nodes > MAX_NODES:
            raise TooLargeError("document", f"more than {MAX_NODES} objects and arrays")
