"""What an event's attributes are called by the semantic conventions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from exporters.told import Plain, Told

RESULTS: Final = {
    "success": "success", "failure": "failure", "error": "error", "cancelled": "cancellation",
    "skipped": "skip",
}  # fmt: skip
"""Our outcomes as `cicd.pipeline.result` has them."""
_TASKS: Final = {
    "build.finished": "build",
    "tests.finished": "test",
    "deployment.finished": "deploy",
}
_SUITES: Final = {
    "success": "success", "failure": "failure", "error": "failure", "cancelled": "aborted",
    "skipped": "skipped",
}  # fmt: skip
_DEPLOYED: Final = {"success": "succeeded", "failure": "failed", "error": "failed"}


def identity_of(told: Told) -> dict[str, Plain]:
    """Where an event stands in the ledger; the same in every signal."""
    return {
        "pipeledger.origin": told.origin,
        "pipeledger.position": told.position,
        "pipeledger.type": told.type,
        "pipeledger.type.version": told.version,
        "pipeledger.assurance": told.assurance,
        "pipeledger.source": told.source,
        "pipeledger.event.id": told.id,
    }


def conventional(told: Told) -> dict[str, Plain]:
    """What the conventions have a name for."""
    outcome = told.text("outcome")
    found: dict[str, Plain | None] = {
        "cicd.pipeline.name": told.text("pipeline"),
        "cicd.pipeline.run.id": told.text("run"),
        "cicd.worker.name": told.text("runner"),
        "vcs.repository.url.full": told.text("repository"),
        "vcs.repository.name": _last_of(told.text("repository")),
        "vcs.ref.head.revision": told.text("commit"),
        "vcs.ref.head.name": told.text("ref"),
        "deployment.environment.name": told.text("environment"),
        "artifact.hash": told.text("artifact", "digest"),
        "artifact.purl": told.text("artifact", "purl"),
        "artifact.version": told.text("release"),
        "pipeledger.service": told.text("service"),
    }
    if told.what.startswith("pipeline."):
        found["cicd.pipeline.run.url.full"] = told.text("url")
        found["cicd.pipeline.result"] = RESULTS.get(outcome or "")
    elif told.what in {*_TASKS, "task.finished", "scan.finished"}:
        found["cicd.pipeline.task.name"] = task_of(told)
        found["cicd.pipeline.task.type"] = _TASKS.get(told.what)
        found["cicd.pipeline.task.run.id"] = f"{told.origin}/{told.position}"
        found["cicd.pipeline.task.run.url.full"] = told.text("url")
        found["cicd.pipeline.task.run.result"] = RESULTS.get(outcome or "")
    if told.what.startswith("deployment."):
        found["deployment.id"] = told.text("deployment")
        found["deployment.status"] = _DEPLOYED.get(outcome or "")
    elif told.what == "tests.finished":
        found["test.suite.name"] = told.text("suite")
        found["test.suite.run.status"] = _SUITES.get(outcome or "")
    elif told.what.startswith("change."):
        number = told.data.get("number")
        found["vcs.change.id"] = str(number) if isinstance(number, int | str) else None
    return {name: value for name, value in found.items() if value is not None}


def task_of(told: Told) -> str:
    """What a step of a run is called."""
    named = told.text("task") or told.text("job") or told.text("tool")
    if told.what == "deployment.finished":
        named = f"{told.text('service')} to {told.text('environment')}"
    kind = told.text("kind")
    return named or (f"{kind} {told.what}" if kind else told.what)


def _last_of(address: str | None) -> str | None:
    if address is None:
        return None
    return urlsplit(address).path.rstrip("/").rpartition("/")[2] or None
