"""Output that never shows a token, whatever a server or a library puts into its words."""

from __future__ import annotations

import contextlib
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTEST = 8
"""Shorter texts are no tokens; hiding them would garble what is said."""
HIDDEN = "***"


def hide(secret: str, text: str) -> str:
    """The text without the secret, in whatever case it stands there."""
    if len(secret) < SHORTEST:
        return text
    return re.sub(re.escape(secret), HIDDEN, text, flags=re.IGNORECASE)


@contextlib.contextmanager
def discreet(*secrets: str) -> Iterator[None]:
    """Keep secrets out of standard output and error for the length of the block."""
    out, err = sys.stdout, sys.stderr
    sys.stdout = cast("TextIO", _Discreet(out, secrets))
    sys.stderr = cast("TextIO", _Discreet(err, secrets))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err


class _Discreet:
    """A stream that hides secrets in what is written to it; all else is the stream's own."""

    def __init__(self, stream: TextIO, secrets: tuple[str, ...]) -> None:
        self._stream = stream
        self._secrets = secrets

    def write(self, text: str) -> int:
        """Write the text without the secrets."""
        for secret in self._secrets:
            text = hide(secret, text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)
