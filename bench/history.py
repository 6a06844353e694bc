"""`import git` of a long history, seconds and memory: `python -m bench.history [COMMITS]`."""

from __future__ import annotations

import resource
import subprocess
import sys
from typing import IO, TYPE_CHECKING, Final

from bench.figures import Figure, Watch, scratch, tell
from tests.serving import BIN, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMITS: Final = 50_000
PEOPLE: Final = 37
FILES: Final = 500


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


def measure(commits: int) -> Iterator[Figure]:
    """Make a history and import it into a new ledger."""
    with scratch() as folder:
        repository = folder / "repository"
        subprocess.run(["git", "init", "-q", str(repository)], check=True)
        command = ["git", "-C", str(repository), "fast-import", "--quiet"]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as made:
            assert made.stdin is not None
            write_history(made.stdin, commits)
        with serving(folder / "data") as server:
            words = [str(BIN / "pipeledger"), "import", "git", str(repository), "--service", "s",
                     "--address", "https://code.example/s", "--production-tags", "v*"]  # fmt: skip
            for run, limit in (("first", 120), ("again", None)):
                watch = Watch()
                subprocess.run(
                    words, env=server.environment(folder), check=True, stdout=subprocess.DEVNULL
                )
                what = f"import git of {commits:,} commits, {run}"
                yield Figure(what, watch.seconds, "s", floor=limit, least=True)
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        yield Figure("import git, largest process", peak, "MiB")


if __name__ == "__main__":
    tell(measure(int(sys.argv[1]) if sys.argv[1:] else COMMITS))
