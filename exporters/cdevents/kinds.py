"""Which event becomes which type of CDEvents, and what its content holds.

CDEvents has no word for many of them: no failed deployment, no approval, no scan, no policy. Those
leave as custom events of ours, `dev.cdeventsx.ledger-<family>.<what>.0.1.0`, and so does an event
that lacks what the type of CDEvents demands. Content holds what the schema of its type allows;
everything else that the ledger knows is in `customData`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable

    from exporters.told import Told

_LETTERS: Final = re.compile(r"[^A-Za-z]")
_OUTCOMES: Final = {
    "success": "success", "failure": "failure", "error": "error", "cancelled": "cancel",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """Type and content of one CDEvent.

    Attributes:
        type: with its version.
        subject: id of what the event is about.
        content: of the subject.
    """

    type: str
    subject: str
    content: dict[str, Any]


def shape_of(told: Told) -> Shape:
    """Type and content of an event: the standard one, or else ours."""
    make = _STANDARD.get(told.what)
    return (make(told) if make is not None else None) or _custom(told)


def _standard(kind: str, version: str, subject: str | None, **content: Any) -> Shape | None:  # noqa: ANN401 - JSON
    if subject is None:
        return None
    named = {name: value for name, value in content.items() if value is not None}
    return Shape(f"dev.cdevents.{kind}.{version}", subject, named)


def _custom(told: Told) -> Shape:
    family, _, what = told.what.partition(".")
    if told.what == "deployment.finished" and told.text("outcome") in {"failure", "error"}:
        what = "failed"
    family, what = (_LETTERS.sub("", one) or "other" for one in (family, what))
    content: dict[str, Any] = {}
    if (artifact := _artifact(told)) is not None:
        content["artifactId"] = artifact
    if (environment := _environment(told)) is not None:
        content["environment"] = environment
    if (outcome := told.text("outcome")) is not None:
        content["outcome"] = outcome
    return Shape(f"dev.cdeventsx.ledger-{family}.{what}.0.1.0", _subject(told), content)


def _subject(told: Told) -> str:
    # A deployment is about its service, as those that succeeded are.
    about = ("service",) if told.what.startswith("deployment.") else ()
    for name in (*about, "deployment", "incident", "approval", "run", "commit", "key", "number"):
        value = told.data.get(name)
        if isinstance(value, str | int) and str(value):
            return str(value)
    return f"{told.origin}/{told.position}"


def _pipeline_started(told: Told) -> Shape | None:
    return _standard(
        "pipelinerun.started", "0.3.0", told.text("run"),
        pipelineName=told.text("pipeline"), uri=told.text("url"),
    )  # fmt: skip


def _pipeline_finished(told: Told) -> Shape | None:
    outcome = _OUTCOMES.get(told.text("outcome") or "")
    if outcome is None:
        return None
    return _standard(
        "pipelinerun.finished", "0.3.0", told.text("run"),
        pipelineName=told.text("pipeline"), uri=told.text("url"), outcome=outcome,
    )  # fmt: skip


def _task_finished(told: Told) -> Shape | None:
    outcome, run = _OUTCOMES.get(told.text("outcome") or ""), told.text("run")
    if outcome is None or run is None:
        return None
    return _standard(
        "taskrun.finished", "0.3.0", told.text("task_run") or told.id,
        taskName=told.text("task"), uri=told.text("url"), outcome=outcome,
        pipelineRun={"id": run, "source": told.source},
    )  # fmt: skip


def _build_finished(told: Told) -> Shape | None:
    artifact = _artifact(told)
    if told.text("outcome") != "success" or artifact is None:
        return None
    subject = told.text("build") or told.text("run") or told.id
    return _standard("build.finished", "0.3.0", subject, artifactId=artifact)


def _artifact_published(told: Told) -> Shape | None:
    return _standard("artifact.published", "0.3.0", _artifact(told))


def _change(what: str, version: str = "0.3.0") -> Callable[[Told], Shape | None]:
    def make(told: Told) -> Shape | None:
        number = told.data.get("number")
        subject = str(number) if isinstance(number, int | str) and str(number) else None
        return _standard(
            f"change.{what}", version, subject, repository=_reference(told.text("repository"))
        )

    return make


def _commit_pushed(told: Told) -> Shape | None:
    repository = _reference(told.text("repository"))
    return _standard("change.updated", "0.3.0", told.text("commit"), repository=repository)


def _tests_finished(told: Told) -> Shape | None:
    environment = _environment(told)
    outcome = _OUTCOMES.get(told.text("outcome") or "")
    if environment is None or outcome is None:
        return None
    suite = told.text("suite") or told.text("kind")
    return _standard(
        "testsuiterun.finished", "0.3.0", told.text("test_run") or told.text("run") or told.id,
        environment=environment, outcome=outcome,
        testSuite={"id": suite, "name": suite} if suite is not None else None,
    )  # fmt: skip


def _deployment_finished(told: Told) -> Shape | None:
    environment, artifact = _environment(told), _artifact(told)
    if told.text("outcome") != "success" or environment is None or artifact is None:
        return None
    # One event does not tell whether the service stood there before, so nothing is "upgraded".
    what = "rolledback" if told.text("kind") == "rollback" else "deployed"
    return _standard(
        f"service.{what}", "0.3.0", told.text("service"),
        environment=environment, artifactId=artifact,
    )  # fmt: skip


def _environment_registered(told: Told) -> Shape | None:
    name = told.text("environment")
    return _standard("environment.modified", "0.3.0", name, name=name)


def _incident(what: str) -> Callable[[Told], Shape | None]:
    def make(told: Told) -> Shape | None:
        environment = _environment(told)
        if environment is None:
            return None
        return _standard(
            f"incident.{what}", "0.3.0", told.text("incident"),
            environment=environment, service=_reference(told.text("service")),
            artifactId=_artifact(told),
        )  # fmt: skip

    return make


def _ticket(what: str) -> Callable[[Told], Shape | None]:
    def make(told: Told) -> Shape | None:
        address = told.text("url")
        if address is None:
            return None
        return _standard(
            f"ticket.{what}", "0.2.0", told.text("key"), uri=address, ticketType=told.text("kind")
        )

    return make


_STANDARD: Final[dict[str, Callable[[Told], Shape | None]]] = {
    "pipeline.started": _pipeline_started,
    "pipeline.finished": _pipeline_finished,
    "task.finished": _task_finished,
    "build.finished": _build_finished,
    "artifact.published": _artifact_published,
    "change.proposed": _change("created", "0.4.0"),
    "change.updated": _change("updated"),
    "change.reviewed": _change("reviewed"),
    "change.merged": _change("merged"),
    "change.abandoned": _change("abandoned"),
    "commit.pushed": _commit_pushed,
    "tests.finished": _tests_finished,
    "deployment.finished": _deployment_finished,
    "environment.registered": _environment_registered,
    "incident.opened": _incident("detected"),
    "incident.resolved": _incident("resolved"),
    "ticket.opened": _ticket("created"),
    "ticket.updated": _ticket("updated"),
}


def _reference(name: str | None) -> dict[str, str] | None:
    return {"id": name} if name is not None else None


def _environment(told: Told) -> dict[str, str] | None:
    return _reference(told.text("environment"))


def _artifact(told: Told) -> str | None:
    """A package URL: CDEvents names artifacts by nothing else."""
    purl, digest = told.text("artifact", "purl"), told.text("artifact", "digest")
    if purl is not None and digest is not None and "@" not in purl.partition("?")[0]:
        return f"{purl.partition('?')[0]}@{quote(digest, safe='')}"
    if purl is not None:
        return purl
    if digest is None:
        return None
    named = quote(told.text("service") or "artifact", safe="")
    return f"pkg:generic/{named}@{quote(digest, safe='')}"
