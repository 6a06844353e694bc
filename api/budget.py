"""How much may be held at once of what nobody has proved yet to have sent."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from domain.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST: Final = 256 * 1_048_576
"""Bytes of deliveries and signed events that are being read."""


class Budget:
    """Bytes that may be held at once; used by one event loop only.

    Attributes:
        left: of them.
    """

    def __init__(self, most: int) -> None:
        self.left = most

    @contextmanager
    def holding(self) -> Iterator[Callable[[int], None]]:
        """Count what is taken within the block as held until its end.

        Yields:
            Takes so many bytes more; raises `UnavailableError` where others hold them.
        """
        held = 0

        def take(size: int) -> None:
            nonlocal held
            if size > self.left:
                raise UnavailableError("too much is being sent at once; send it again later")
            self.left -= size
            held += size

        try:
            yield take
        finally:
            self.left += held
