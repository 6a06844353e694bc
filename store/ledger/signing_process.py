"""The other end of `store.ledger.signer`: signs what comes in until nothing more can come.

Run as a file of its own, so that it loads nothing but the library that signs. Standard input:
the 32 bytes of a key's seed, then frames of a count (4 bytes) and that many messages, each after
its length (4 bytes); integers are big-endian. Standard output: 64 bytes for each message, at the
next frame without messages: whoever reads is woken once a batch.
"""

from __future__ import annotations

import os
import sys
from struct import unpack
from typing import TYPE_CHECKING, Final

from nacl import bindings

if TYPE_CHECKING:
    from typing import BinaryIO

_NICE: Final = 3
_SEED: Final = 32
_SIGNATURE: Final = 64


def main() -> None:
    """Serve until the input ends."""
    # Where cores are few, what waits for the signatures shall not wait for a core as well.
    os.nice(_NICE)
    incoming, outgoing = sys.stdin.buffer, sys.stdout.buffer
    _, secret = bindings.crypto_sign_seed_keypair(incoming.read(_SEED))
    try:
        signed = []
        while (count := _number(incoming)) is not None:
            for _ in range(count):
                message = incoming.read(_number(incoming) or 0)
                signed.append(bindings.crypto_sign(message, secret)[:_SIGNATURE])
            if count == 0:
                outgoing.write(b"".join(signed))
                outgoing.flush()
                signed.clear()
    except BrokenPipeError:
        # Whoever wanted the signatures is gone.
        return


def _number(incoming: BinaryIO) -> int | None:
    raw = incoming.read(4)
    return int(unpack("!I", raw)[0]) if len(raw) == 4 else None  # noqa: PLR2004 - as above


if __name__ == "__main__":
    main()
