"""How fast the client verifies a log: `python -m bench.verify [ENTRIES]`.

Two figures over one ledger written by the tests' own writer: hashes, links and tree alone; and
everything with every signature, beside the rate at which this machine verifies Ed25519 at all.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from pipeledger.verifier.chain import Chain
from pipeledger.verifier.note import open_checkpoint
from pipeledger.verifier.trust import trusted_log
from tests.client.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from pipeledger.verifier.trust import TrustedLog
    from pipeledger.verifier.wire import Checkpoint

ENTRIES = 100_000
BATCH = 4096
SIGNATURES = 10_000
REPEATS = 3


def written(size: int) -> tuple[TrustedLog, list[bytes], bytes]:
    """A ledger of this many entries: its keys, entries and checkpoint."""
    writer = Writer()
    last = b""
    for number in range(size):
        # The writer's own look-back hashes the last entry only, so this is linear.
        last = writer.append(
            streams=(f"line/service-{number % 40}@production", f"run/0.{number % 977}"),
            named={"text": b"a note"} if number % 4 == 0 else None,
        ).raw
    if not last:
        raise SystemExit("at least one entry")
    return trusted_log(writer.vkeys), [one.raw for one in writer.entries], writer.checkpoint()


def verify(
    log: TrustedLog,
    entries: Sequence[bytes],
    checkpoint: Checkpoint,
    *,
    signatures: bool,
    workers: Executor | None,
) -> float:
    """Seconds that one whole verification takes."""
    begin = time.perf_counter()
    chain = Chain(log, signatures=signatures, workers=workers)
    for at in range(0, len(entries), BATCH):
        chain.extend(entries[at : at + BATCH])
    chain.finish(checkpoint)
    return time.perf_counter() - begin


def signature_rate(log: TrustedLog, workers: ThreadPoolExecutor, threads: int) -> float:
    """Ed25519 verifications a second of messages as long as a context, on all threads."""
    key = Writer().intake[0]
    message = bytes(700)
    signature = key.sign(message)
    believed = log.intake_keys[0]

    def some(count: int) -> None:
        for _ in range(count):
            assert believed.verify(message, signature)

    begin = time.perf_counter()
    list(workers.map(some, [SIGNATURES // threads] * threads))
    return SIGNATURES // threads * threads / (time.perf_counter() - begin)


def main() -> None:
    """Write, verify, print."""
    gc.disable()  # as the command does: entries hold no cycles
    size = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    threads = os.cpu_count() or 1
    log, entries, note = written(size)
    checkpoint = open_checkpoint(note, log.log_keys, log.origin)
    mean = sum(map(len, entries)) / size
    print(f"{size:,} entries of {mean:.0f} bytes on average, {threads} threads")
    fast = min(
        verify(log, entries, checkpoint, signatures=False, workers=None) for _ in range(REPEATS)
    )
    print(f"hashes, links, tree      {size / fast:>10,.0f}/s   (floor 300,000/s)")
    with ThreadPoolExecutor(threads) as workers:
        rate = signature_rate(log, workers, threads)
        full = verify(log, entries, checkpoint, signatures=True, workers=workers)
    print(f"with every signature     {size / full:>10,.0f}/s")
    print(f"Ed25519 on this machine  {rate:>10,.0f}/s   ({size / full / rate:.0%} of it reached)")


if __name__ == "__main__":
    main()
