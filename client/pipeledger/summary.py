"""The page of a CI job, where its system has one that a job may write to.

| system | how |
|---|---|
| GitHub Actions, Gitea, Forgejo | the file that `GITHUB_STEP_SUMMARY` names |
| Azure Pipelines | a Markdown file, named to the agent by `task.uploadsummary` |
| Buildkite | `buildkite-agent annotate` |

Other systems have none that takes text from a job. A page that cannot be written costs a warning,
never the job.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from pipeledger.event import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeledger.page import Page

_MOST = 500_000
"""Longest text in bytes; the systems take a megabyte of a step at most."""
_PATIENCE_S = 30


def add_to_summary(page: Page, environment: Mapping[str, str]) -> str:
    """Show a page on the CI job's own page; what went wrong, or nothing.

    Args:
        page: what to show.
        environment: the job's variables.
    """
    text = page.markdown().encode()
    if len(text) > _MOST:
        text = text[:_MOST].decode(errors="ignore").encode() + b"\n\n...\n"
    try:
        if file := environment.get("GITHUB_STEP_SUMMARY"):
            with Path(file).open("ab") as stream:
                stream.write(text + b"\n")
        elif environment.get("TF_BUILD") and (folder := environment.get("AGENT_TEMPDIRECTORY")):
            path = Path(folder) / f"pipeledger-{new_id()[:16]}.md"
            path.write_bytes(text)
            print(f"##vso[task.uploadsummary]{path}")  # noqa: T201 - the agent reads it there
        elif environment.get("BUILDKITE_AGENT_ACCESS_TOKEN"):
            return _annotate(page, text)
    except OSError as error:
        return f"the job's page cannot be written: {error.strerror or error}"
    return ""


def _annotate(page: Page, text: bytes) -> str:
    context = "pipeledger-" + "".join(c for c in page.title.lower() if c.isalnum())[:40]
    command = ["buildkite-agent", "annotate", "--style", "info", "--context", context]
    try:
        done = subprocess.run(  # noqa: S603 - its words are ours
            command, input=text, capture_output=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"buildkite-agent annotate: {error}"
    said = done.stderr.decode(errors="replace")
    return f"buildkite-agent annotate: {said[:200]}" if done.returncode else ""
