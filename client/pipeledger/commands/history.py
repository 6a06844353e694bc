"""`pipeledger import`: what was there before the ledger."""

from __future__ import annotations

import fnmatch
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeledger.ci import clean_repository
from pipeledger.commands.common import parser_of, say, settings_of, warn
from pipeledger.errors import UsageError
from pipeledger.history.events import commit_event, deployment_event
from pipeledger.history.repository import Repository
from pipeledger.history.sending import Progress, Tally, send
from pipeledger.transport import Transport

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from pipeledger.settings import Settings

_EPILOG = """\
Every commit of all branches and tags becomes a commit.pushed with its authors, co-authors,
trailers and patch id; its assurance is `imported`. With --production-tags each tag that fits
becomes a deployment of the service. Cut off, it goes on where it stopped; a second time it sends
only what is new.

  pipeledger import git . --service checkout --production-tags 'v*'
"""


def main(words: Sequence[str]) -> int:
    """Import history; the exit status."""
    parser = parser_of("import", "Import what was there before the ledger.", _EPILOG)
    parser.add_argument("kind", choices=["git"])
    parser.add_argument("repository", metavar="REPOSITORY", type=Path)
    parser.add_argument("--service")
    parser.add_argument(
        "--production-tags", metavar="PATTERN", help="such as 'v*'; needs --service"
    )
    parser.add_argument("--environment", default="production", help="of those tags (production)")
    parser.add_argument("--address", metavar="URL", help="of the repository (its remote origin)")
    parser.add_argument("--source", default="", help="CloudEvents source (the address)")
    options = parser.parse_args(list(words))
    if options.production_tags and not options.service:
        raise UsageError("--production-tags needs --service: whose deployments they are")
    settings = settings_of(options)
    if not settings.url:
        raise UsageError("PIPELEDGER_URL is not set")
    repository = Repository(options.repository)
    tally = _Import(options, settings, repository).run()
    say(f"{tally.created} events recorded, {tally.repeated} were there already")
    if tally.refused:
        warn(f"{tally.refused} events were refused, the first: {tally.first_refusal}")
        return 1
    return 0


class _Import:
    def __init__(
        self, options: argparse.Namespace, settings: Settings, repository: Repository
    ) -> None:
        self._options = options
        self._repository = repository
        self._transport = Transport(settings.url, settings.ledger, settings)
        remote = clean_repository(options.address or repository.remote())
        # Without an address a repository is known by its first commit.
        self._address = remote or f"urn:pipeledger:git:{repository.root() or 'empty'}"
        self._source = options.source or settings.source or self._address
        self._progress = Progress(settings, f"{self._address}\n{self._source}\n{options.service}")
        self._count = 0

    def run(self) -> Tally:
        tally = Tally()
        tips = self._repository.tips()
        # A walk that was cut off ends at the tips of its day; what came since is another walk.
        while self._progress.finished != tips and not tally.refused:
            tally.add(send(self._transport, self._commits(tips), self._told))
            if not tally.refused:
                self._progress.finish()
        if self._options.production_tags:
            tally.add(send(self._transport, self._deployments(), lambda _, __: None))
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K")
        return tally

    def _commits(self, tips: list[str]) -> Iterator[dict[str, Any]]:
        progress, repository = self._progress, self._repository
        finished = repository.knows(progress.finished)
        if progress.tips and len(repository.knows(progress.tips)) < len(progress.tips):
            # What was walked to is gone: begin anew, the ledger knows what it has.
            progress.tips = []
        progress.begin(tips)
        for number, commit in enumerate(repository.commits(progress.tips, finished)):
            if number >= progress.done:
                yield commit_event(commit, self._address, self._source, self._options.service)

    def _deployments(self) -> Iterator[dict[str, Any]]:
        for tag in self._repository.tags():
            if fnmatch.fnmatchcase(tag.name, self._options.production_tags):
                yield deployment_event(
                    tag, self._address, self._source, self._options.service,
                    self._options.environment,
                )  # fmt: skip

    def _told(self, tally: Tally, commits: int) -> None:
        if not tally.refused:
            # A refused commit is tried again: what refused it may be mended.
            self._progress.advance(commits)
        self._count += commits
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{self._count} commits")
            sys.stderr.flush()
