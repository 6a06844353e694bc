"""`import git` of a long history: commits a second, and the client's largest memory."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from tests.serving import BIN, serving

PEOPLE = 37
FILES = 500


def write_history(out: IO[bytes], commits: int) -> None:
    """A stream for `git fast-import`: merges, helpers, trailers, tags."""
    for number in range(commits):
        mark, at = number + 1, 1_500_000_000 + 600 * number
        who = f"Dev {number % PEOPLE} <dev{number % PEOPLE}@example.org> {at} +0200"
        helper = (number + 1) % PEOPLE
        message = (
            f"change {number}\n\nWhy it is.\n\n"
            f"Co-authored-by: Dev {helper} <dev{helper}@example.org>\nRefs: T-{number}\n"
        )
        body = "".join(f"line {number} {line}\n" for line in range(12))
        merge = (
            f"from :{mark - 1}\nmerge :{mark - 20}\n" if number % 50 == 49 and mark > 100 else ""
        )
        out.write(
            f"commit refs/heads/main\nmark :{mark}\nauthor {who}\ncommitter {who}\n"
            f"data {len(message)}\n{message}{merge}"
            f"M 100644 inline src/{number % FILES}.txt\ndata {len(body)}\n{body}\n".encode()
        )
        if number % 200 == 199:
            out.write(f"tag v{number}\nfrom :{mark}\ntagger {who}\ndata 7\nrelease\n".encode())


def main() -> None:
    """Make a history and import it into a new ledger."""
    commits = int(os.environ.get("BENCH_N", "50000"))
    with tempfile.TemporaryDirectory(prefix="pipeledger-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        repository = folder / "repository"
        subprocess.run(["git", "init", "-q", str(repository)], check=True)
        command = ["git", "-C", str(repository), "fast-import", "--quiet"]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as made:
            assert made.stdin is not None
            write_history(made.stdin, commits)
        with serving(folder / "data") as server:
            words = [str(BIN / "pipeledger"), "import", "git", str(repository), "--service", "s",
                     "--address", "https://code.example/s", "--production-tags", "v*"]  # fmt: skip
            for run in ("first", "again"):
                start = time.perf_counter()
                subprocess.run(words, env=server.environment(folder), check=True)
                seconds = time.perf_counter() - start
                sys.stdout.write(f"{run}: {seconds:.1f} s, {commits / seconds:.0f} commits/s\n")
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        sys.stdout.write(f"largest process of client, git or server: {peak:.0f} MiB\n")


if __name__ == "__main__":
    main()
