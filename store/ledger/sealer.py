"""What the recorder asks of whoever keeps the keys of persons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Sealer(Protocol):
    """Seals the bodies of parts at rest under the keys of the persons they concern."""

    def seal(self, body: bytes, persons: tuple[str, ...], aad: bytes) -> bytes:
        """The sealed body.

        Args:
            body: the plain bytes.
            persons: ids, sorted; destroying any one's key makes the body unreadable.
            aad: what the sealed body is bound to: the part's commitment.
        """
        ...

    def seal_pieces(
        self, body: Iterable[bytes], persons: tuple[str, ...], aad: bytes
    ) -> Iterator[bytes]:
        """The sealed body, as `seal` gives it, of a body that comes in pieces."""
        ...

    def opens(self, persons: tuple[str, ...]) -> bool:
        """Whether what was sealed under the keys of these can still be opened."""
        ...

    def open_sealed(self, sealed: bytes, persons: tuple[str, ...], aad: bytes) -> bytes | None:
        """The plain body, or None where a person's key was destroyed.

        Raises:
            DamageError: the sealed body was altered.
        """
        ...
