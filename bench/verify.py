"""How fast the client verifies a log, and in how much memory: `python -m bench.verify [SIZE …]`.

A tiled log is written to a folder by the tests' own writer and verified from there, as an auditor
does, by a process of its own: hashes, links, tree and hash tiles alone; and everything with every
signature, beside the rate at which this machine verifies Ed25519 at all. Every third entry begins a
new stream, whose numbers are held until the end.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from bench.figures import Figure, memory, scratch, tell
from pipeledger.verifier.apart import processors
from pipeledger.verifier.folder import check_folder
from pipeledger.verifier.lines import Settings
from pipeledger.verifier.tree import Tree, leaf_hash
from pipeledger.verifier.trust import trusted_log
from tests.client.writer import Writer, b64

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeledger.verifier.trust import TrustedLog

ENTRIES = (100_000,)
BUNDLE = 256
SIGNATURES = 10_000
REPEATS = 3


class _Forgetful(list):  # type: ignore[type-arg]
    """Entries of which only the last is held: the writer looks back no further."""

    def append(self, value: object) -> None:
        if self:
            self[-1] = None
        super().append(value)


def write(size: int, folder: Path) -> float:
    """Write a tiled log of this many entries; their mean length in bytes."""
    writer = Writer()
    writer.entries = _Forgetful()
    leaves: list[bytes] = []
    bundle: list[bytes] = []
    total = 0
    for number in range(size):
        raw = writer.append(
            streams=(f"line/service-{number % 40}@production", f"deployment/0.{number // 3}"),
            named={"text": b"a note"} if number % 4 == 0 else None,
        ).raw
        total += len(raw)
        leaves.append(leaf_hash(raw))
        bundle.append(len(raw).to_bytes(2, "big") + raw)
        if len(bundle) == BUNDLE or number == size - 1:
            _tile(folder / "tile" / "entries", number // BUNDLE, bundle)
            bundle.clear()
    _hash_tiles(folder, leaves)
    tree = Tree()
    tree.extend(leaves)
    text = f"{writer.origin}\n{size}\n{b64(tree.root())}\n"
    signature = b64(writer.log.hash + writer.log.sign(text.encode()))
    note = f"{text}\n\u2014 {writer.log.name} {signature}\n"
    (folder / "checkpoint").write_text(note, encoding="utf-8")
    return total / size


def _hash_tiles(folder: Path, leaves: list[bytes]) -> None:
    level, hashes = 0, leaves
    while hashes:
        above = []
        for at in range(0, len(hashes), BUNDLE):
            row = hashes[at : at + BUNDLE]
            _tile(folder / "tile" / str(level), at // BUNDLE, row)
            if len(row) == BUNDLE:
                tree = Tree()
                tree.extend(row)
                above.append(tree.root())
        level, hashes = level + 1, above


def _tile(folder: Path, number: int, items: Sequence[bytes]) -> None:
    digits = f"{number:03d}"
    digits = digits.zfill((len(digits) + 2) // 3 * 3)
    *outer, last = (digits[at : at + 3] for at in range(0, len(digits), 3))
    file = folder.joinpath(*(f"x{group}" for group in outer), last)
    if len(items) < BUNDLE:
        file = file.with_name(f"{last}.p") / str(len(items))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(items))


def judge(folder: Path, *, signatures: bool) -> None:
    """Verify a folder in this process; print seconds and the most memory it took, in MiB."""
    gc.disable()  # as the command does: entries hold no cycles
    log = trusted_log(Writer().vkeys)
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        begin = time.perf_counter()
        settings = Settings(signatures=signatures, workers=workers, processes=processors())
        check_folder(folder, [log], settings)
        seconds = time.perf_counter() - begin
    print(seconds, memory("self", "VmHWM"))


def judged(folder: Path, *, signatures: bool) -> tuple[float, float]:
    """Seconds and MiB of a process that verifies a folder."""
    words = [sys.executable, "-m", "bench.verify", "--judge", str(folder), str(int(signatures))]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    seconds, mebibytes = map(float, done.stdout.split())
    return seconds, mebibytes


def signature_rate(log: TrustedLog) -> float:
    """Ed25519 verifications a second of messages as long as a context, on all threads."""
    threads = os.cpu_count() or 1
    key = Writer().intake[0]
    message = bytes(700)
    signature = key.sign(message)
    believed = log.intake_keys[0]

    def some(count: int) -> None:
        for _ in range(count):
            assert believed.verify(message, signature)

    with ThreadPoolExecutor(threads) as workers:
        begin = time.perf_counter()
        list(workers.map(some, [SIGNATURES // threads] * threads))
        return SIGNATURES // threads * threads / (time.perf_counter() - begin)


def measure(sizes: Sequence[int]) -> Iterator[Figure]:
    """Write, verify, tell."""
    log = trusted_log(Writer().vkeys)
    for size in sizes:
        with scratch() as folder:
            mean = write(size, folder)
            fast, small = min(judged(folder, signatures=False) for _ in range(REPEATS))
            full, large = judged(folder, signatures=True)
            rate = signature_rate(log)
        what = f"client verifies {size:,} entries"
        yield Figure(
            f"{what}: hashes, links, tree", size / fast, "entries/s", floor=300_000, aim=1_000_000
        )  # fmt: skip
        yield Figure(f"{what}, most memory", small, "MiB")
        yield Figure(f"{what}, every signature", size / full, "entries/s", rate, 1)
        yield Figure(f"{what}, every signature, most memory", large, "MiB")
        yield Figure(f"{what}, mean length", mean, "bytes")


def main() -> None:
    """Measure, or judge in a process of its own."""
    if sys.argv[1:2] == ["--judge"]:
        judge(Path(sys.argv[2]), signatures=sys.argv[3] == "1")
        return
    tell(measure([int(word) for word in sys.argv[1:]] or ENTRIES))


if __name__ == "__main__":
    main()
