"""A git repository, read by the `git` command; nothing of it is run, and nothing fetched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

from pipeledger.bodies import read_pieces, split
from pipeledger.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# What a repository's own settings could make git run, or print in another form.
_PLAIN = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "log.showSignature=false",
    "-c", "diff.external=", "-c", "core.quotePath=false", "-c", "log.mailmap=false",
    "-c", "i18n.logOutputEncoding=UTF-8",
)  # fmt: skip
# A patch as git prints it where nothing is set, of which its id is made; and `diff.submodule` would
# run git, and what that is told to run, in the submodules.
_PATCH = (
    "-p", "--root", "--no-merges", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color",
    "--no-renames", "--no-relative", "--src-prefix=a/", "--dst-prefix=b/", "--unified=3",
    "--inter-hunk-context=0", "--diff-algorithm=myers", "--indent-heuristic", "-O/dev/null",
    "--submodule=short", "--ignore-submodules=none",
)  # fmt: skip
_SEPARATOR = b"\0"
_FIELDS = ("%H", "%P", "%an", "%ae", "%aI", "%cn", "%ce", "%cI", "%at", "%ct", "%B")
_OF_TAGS = ("refname:strip=2", "objecttype", "objectname", "*objecttype", "*objectname",
            "creatordate:iso8601-strict", "taggername", "taggeremail")  # fmt: skip
_PARTIAL = r"^(extensions\.partialclone|remote\..*\.promisor)$"


@dataclass(frozen=True)
class Commit:
    """One commit as git prints it.

    Attributes:
        sha: object id.
        parents: object ids of the commits before it.
        author: name and address.
        authored_at: RFC 3339 with offset.
        committer: name and address.
        committed_at: RFC 3339 with offset.
        message: as it stands, trailers included.
        patch_id: `git patch-id --stable` of its patch; nothing for merges and empty patches.
    """

    sha: str
    parents: tuple[str, ...]
    author: tuple[str, str]
    authored_at: str
    committer: tuple[str, str]
    committed_at: str
    message: str
    patch_id: str = ""


@dataclass(frozen=True)
class Tag:
    """One tag.

    Attributes:
        name: without `refs/tags/`.
        commit: what it points at in the end.
        at: when it was made, RFC 3339; of a plain tag, when its commit was.
        tagger: name and address, empty for a plain tag.
        annotated: whether it is an object of its own.
    """

    name: str
    commit: str
    at: str
    tagger: tuple[str, str]
    annotated: bool


class Repository:
    """One repository on this machine."""

    def __init__(self, path: Path) -> None:
        """Look at it.

        Raises:
            UsageError: there is none, or git is not installed or does not trust its owner.
        """
        self._path = path
        if self._ask("rev-parse", "--is-shallow-repository") == "true":
            raise UsageError(f"{path} is a shallow clone: fetch its whole history first")
        # Git would fetch what is missing, in a way that the repository's own settings say.
        if self._ask("config", "--name-only", "--get-regexp", _PARTIAL, missing=""):
            raise UsageError(f"{path} is a partial clone: clone it whole, without --filter")

    def remote(self) -> str:
        """Address of the remote `origin`, or nothing."""
        return self._ask("config", "--get", "remote.origin.url", missing="")

    def root(self) -> str:
        """The first commit of all, by which a repository without a remote is known; or nothing."""
        roots = self._ask("rev-list", "--max-parents=0", "--all", missing="").split()
        return roots[-1] if roots else ""

    def tips(self) -> list[str]:
        """Object ids of what all branches and tags point at."""
        told = self._ask("for-each-ref", "--format=%(objectname)",
                         "refs/heads", "refs/tags", "refs/remotes", missing="")  # fmt: skip
        return sorted(set(told.split()))

    def knows(self, objects: Sequence[str]) -> list[str]:
        """Those of the objects that are there."""
        asked = "".join(f"{one}\n" for one in objects).encode()
        told = self._run(["cat-file", "--batch-check=%(objectname) %(objecttype)"], asked)
        rows = [line.split() for line in told.split("\n")]
        return [row[0] for row in rows if row[1:] in (["commit"], ["tag"])]

    def tags(self) -> list[Tag]:
        """All tags that point at commits, oldest first."""
        form = "%00".join(f"%({one})" for one in _OF_TAGS)
        told = self._ask("for-each-ref", "--sort=creatordate", f"--format={form}", "refs/tags",
                         missing="")  # fmt: skip
        found = []
        for line in filter(None, told.split("\n")):  # names may hold what else ends a line
            name, kind, plain, inner, peeled, at, tagger, email = line.split("\0")
            annotated = kind == "tag"
            if "commit" in (kind, inner):
                who = (tagger, email.strip("<>"))
                found.append(Tag(name, peeled if annotated else plain, at, who, annotated))
        return found

    def commits(self, tips: Sequence[str], without: Sequence[str]) -> Iterator[Commit]:
        """Commits that lead to `tips` and not to `without`, parents before children.

        The walk is the same whenever it is asked for.

        Raises:
            UsageError: git failed.
        """
        # Topological order, and among siblings that of their dates, as `git log` defines it.
        walk = ["log", "--reverse", "--topo-order", "--stdin"]
        asked = "".join([*(f"{one}\n" for one in tips), *(f"^{one}\n" for one in without)]).encode()
        form = "--format=" + "%x00".join(_FIELDS)
        with (
            self._printing([*walk, "-z", form], asked) as printed,
            self._patches(walk, asked) as patches,
        ):
            following = next(patches, None)
            for commit in _parsed(printed):
                if following is not None and following[1] == commit[0]:
                    yield _commit(commit, following[0])
                    following = next(patches, None)
                else:
                    yield _commit(commit, "")

    @contextmanager
    def _patches(self, walk: list[str], asked: bytes) -> Iterator[Iterator[tuple[str, str]]]:
        """Pairs of patch id and commit, in the order of the walk; merges have no patch."""
        diff = ["-c", "diff.suppressBlankEmpty=false", *walk, *_PATCH, "--format=commit %H"]
        with self._printing(diff, asked) as printed, _started(
            [_git(), "patch-id", "--stable"], printed
        ) as (_, told):  # fmt: skip
            yield ((one, sha) for one, sha in (line.decode().split() for line in told))

    @contextmanager
    def _printing(self, words: list[str], asked: bytes) -> Iterator[IO[bytes]]:
        """The output of git; that it ended well is checked where all of it was read."""
        # Files, not pipes: git may print before it has read, and nobody would read that.
        with tempfile.TemporaryFile() as questions, tempfile.TemporaryFile() as complaints:
            questions.write(asked)
            questions.seek(0)
            with _started(self._command(words), questions, complaints) as (git, printed):
                yield printed
                if not printed.read(1) and git.wait() != 0:
                    complaints.seek(0)
                    raise UsageError(_said(complaints.read(2000)))

    def _ask(self, *words: str, missing: str | None = None) -> str:
        try:
            return self._run(list(words)).strip()
        except UsageError:
            if missing is None:
                raise
            return missing

    def _run(self, words: list[str], asked: bytes = b"") -> str:
        done = subprocess.run(  # noqa: S603 - git, and words of our own
            self._command(words), input=asked, capture_output=True, check=False,
            env=_environment(),
        )  # fmt: skip
        if done.returncode != 0:
            raise UsageError(_said(done.stderr))
        return done.stdout.decode("utf-8", "replace")

    def _command(self, words: list[str]) -> list[str]:
        return [
            _git(),
            "-C",
            str(self._path),
            *_PLAIN,
            "--no-pager",
            "--no-replace-objects",
            *words,
        ]


def _git() -> str:
    found = shutil.which("git")
    if found is None:
        raise UsageError("the command git is not installed")
    return found


@contextmanager
def _started(
    command: list[str], given: IO[bytes], complaints: IO[bytes] | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """A process and what it prints; it ends with the block."""
    process = subprocess.Popen(  # noqa: S603 - git, and words of our own
        command, stdin=given, stdout=subprocess.PIPE, stderr=complaints, env=_environment()
    )
    try:
        if process.stdout is not None:
            with process.stdout as printed:
                yield process, printed
    finally:
        process.terminate()
        process.wait()


def _environment() -> dict[str, str]:
    """Ours, without what would point git at another repository; with nothing that is fetched."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0",
                   "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}  # fmt: skip


def _said(raw: bytes) -> str:
    text = " ".join(raw.decode("utf-8", "replace").split())
    return f"git says: {text[:300] or 'nothing, and failed'}"


def _parsed(printed: IO[bytes]) -> Iterator[list[str]]:
    """The fields of one commit after the other; each field ends with a NUL."""
    fields: list[str] = []
    # With -z the last commit may end without its separator.
    for one in split(read_pieces(printed), _SEPARATOR, sys.maxsize):
        fields.append(one.removesuffix(_SEPARATOR).decode("utf-8", "replace"))
        if len(fields) == len(_FIELDS):
            yield fields
            fields = []


def _commit(fields: list[str], patch_id: str) -> Commit:
    sha, parents, author, email, authored, committer, address, committed, *rest = fields
    authored_s, committed_s, message = rest
    return Commit(
        sha.strip(), tuple(parents.split()), (author, email), _instant(authored, authored_s),
        (committer, address), _instant(committed, committed_s), message, patch_id,
    )  # fmt: skip


def _instant(written: str, seconds: str) -> str:
    """The time as written; in UTC where the commit's zone is none that clocks have."""
    try:
        datetime.fromisoformat(written)
    except ValueError:
        return datetime.fromtimestamp(int(seconds), UTC).isoformat()
    return written
