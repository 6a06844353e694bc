"""Runs of pipelines as Jenkins X and its Lighthouse keep them, and releases.

PipelineActivity and Release are of `jenkins.io/v1`; LighthouseJob holds Lighthouse's own record of
a run, which is a file of its own as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from intake.address import address_of, repository_of
from intake.ids import commit_of
from intake.instant import Told, seconds_between, told_time
from intake.jenkins_x.structure import Listed, Metadata, Record, Resource, Spec
from intake.json_body import read_fields
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intake.jenkins_x.structure import Step
    from intake.shape import Members, Shape

TOOL: Final = "Jenkins X"
SYSTEM: Final = "jenkins-x"
_OUTCOMES: Final = {
    "succeeded": "success", "success": "success", "failed": "failure", "failure": "failure",
    "error": "error", "timedout": "failure", "aborted": "cancelled", "cancelled": "cancelled",
    "notexecuted": "skipped",
}  # fmt: skip
_RUNS: Final = frozenset({"running"})
_WAITS: Final = "waitingforapproval"
_KINDS: Final = (b'"PipelineActivity"', b'"LighthouseJob"', b'"Release"')
_GROUPS: Final = (b'"jenkins.io/', b'"lighthouse.jenkins.io/')
_LISTS: Final = frozenset({"List", "PipelineActivityList", "LighthouseJobList", "ReleaseList"})
_RECORD: Final = frozenset({"buildId", "lastCommitSHA", "gitURL", "status"})
_PULL: Final = re.compile(r"PR-[0-9]+")
_MOST: Final = 5000


def claims(shape: Shape) -> bool:
    """A resource of Jenkins X, a list of them, or Lighthouse's record of a run."""
    told = shape.object
    if shape.text("kind") in _LISTS:
        return _is_resource(shape.first("items"))
    return _is_resource(told) or ("kind" not in told and told.keys() >= _RECORD)


def _is_resource(members: Members) -> bool:
    group, kind = bytes(members.get("apiVersion", b"")), bytes(members.get("kind", b""))
    return group.startswith(_GROUPS) and kind in _KINDS


def read(body: bytes) -> list[Reading]:
    """The readings of resources or of a record.

    Raises:
        RefusedError: none of these; the place is named.
        TooLargeError: a limit was passed.
    """
    shape = shape_of(body)
    if shape.members is None:
        resources = read_fields(body, list[Resource])
    elif shape.text("kind") in _LISTS:
        resources = read_fields(body, Listed).items or []
    elif "kind" in shape.members:
        resources = [read_fields(body, Resource)]
    else:
        return by_time(_record(read_fields(body, Record)))
    return by_time(reading for one in resources for reading in _resource(one))


def _resource(one: Resource) -> Iterable[Reading]:
    metadata, spec = one.metadata or Metadata(), one.spec or Spec()
    if one.kind == "Release":
        return _release(metadata, spec)
    if one.kind == "LighthouseJob":
        record = one.status.activity if one.status is not None else None
        return _record(record) if record is not None else ()
    return _activity(metadata, spec)


@dataclass(frozen=True, slots=True)
class _Stage:
    """How something ended, with when."""

    status: str | None
    began: Told | None
    ended: Told | None

    @property
    def word(self) -> str:
        return (self.status or "").lower()

    @property
    def outcome(self) -> str | None:
        return _OUTCOMES.get(self.word)

    def facts(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome,
            "reported_outcome": named(self.status),
            "started_at": self.began.time if self.began else None,
            "duration_s": seconds_between(self.began, self.ended),
        }


def _activity(metadata: Metadata, spec: Spec) -> list[Reading]:
    run = named(metadata.name)
    if run is None and spec.pipeline and spec.build is not None:
        # Until it is in the cluster it may have no name.
        run = named(f"{spec.pipeline}/{spec.build}")
    if run is None:
        return []
    data = {
        "tool": TOOL,
        "run": run,
        "pipeline": named(spec.pipeline),
        "repository": repository_of(spec.git_url),
        "commit": commit_of(spec.last_commit_sha),
    }
    more = {"ref": _ref(spec.git_branch), "build": _text(spec.build),
            "context": named(spec.context), "url": address_of(spec.build_logs_url)}  # fmt: skip
    whole = _Stage(
        spec.status, told_time(spec.started_timestamp), told_time(spec.completed_timestamp)
    )
    found = _whole(data | more, whole)
    service, release = named(spec.git_repository), named(spec.version)
    for part in (spec.steps or ())[:_MOST]:
        if part.stage is not None:
            found += _task(data, part.stage.name, _timed(part.stage))
        for step, tier in ((part.promote, None), (part.preview, "preview")):
            if step is not None and service is not None:
                told = data | {"service": service, "service_basis": "repository",
                               "release": release, "environment_tier": tier}  # fmt: skip
                found += _promoted(told, step)
    return found


def _timed(step: Step) -> _Stage:
    return _Stage(
        step.status, told_time(step.started_timestamp), told_time(step.completed_timestamp)
    )


def _whole(data: dict[str, Any], stage: _Stage) -> list[Reading]:
    if stage.outcome is not None:
        done = data | stage.facts()
        return [fact("pipeline.finished", stage.ended, done, kind=stage.status)]
    if stage.word in _RUNS:
        return [fact("pipeline.started", stage.began, data, kind=stage.status)]
    return []


def _task(data: dict[str, Any], name: str | None, stage: _Stage) -> list[Reading]:
    task = named(name)
    if task is None:
        return []
    if stage.word == _WAITS:
        asked = {"approval": named(f"{data['run']}/{task}"), "verdict": "requested",
                 "system": SYSTEM, "reported_outcome": named(stage.status)}  # fmt: skip
        return [fact("approval.reported", stage.began, data | asked, kind=stage.status)]
    if stage.outcome is None:
        return []
    done = data | {"task": task} | stage.facts()
    return [fact("task.finished", stage.ended, done, kind="stage")]


def _promoted(data: dict[str, Any], step: Step) -> list[Reading]:
    """A version was brought to an environment: that is a deployment."""
    environment, stage = named(step.environment), _timed(step)
    if environment is None:
        return []
    told = data | {
        "environment": environment, "deployment": named(f"{data['run']}/{environment}"),
    }  # fmt: skip
    if stage.outcome is not None:
        return [fact("deployment.finished", stage.ended, told | stage.facts(), kind="promote")]
    if stage.word in _RUNS:
        return [fact("deployment.started", stage.began, told, kind="promote")]
    return []


def _release(metadata: Metadata, spec: Spec) -> list[Reading]:
    service, version = named(spec.name), named((spec.version or "").removeprefix("v"))
    if service is None or version is None:
        return []
    data = {
        "tool": TOOL,
        "service": service,
        "version": version,
        "repository": repository_of(spec.git_http_url),
    }
    made = told_time(metadata.creation_timestamp)
    return [fact("release.created", made, data, kind="Release")]


def _record(record: Record) -> list[Reading]:
    run, owner, repo = named(record.name), record.owner, record.repo
    if run is None:
        return []
    data = {
        "tool": TOOL,
        "run": run,
        "pipeline": named(f"{owner}/{repo}/{record.branch}") if owner and repo else None,
        "repository": repository_of(record.git_url),
        "commit": commit_of(record.last_commit_sha),
    }
    more = {"ref": _ref(record.branch), "build": _text(record.build_id),
            "context": named(record.context)}  # fmt: skip
    whole = _Stage(record.status, told_time(record.start_time), told_time(record.completion_time))
    found = _whole(data | more, whole)
    for one in (record.stages or ())[:_MOST]:
        stage = _Stage(one.status, told_time(one.start_time), told_time(one.completion_time))
        found += _task(data, one.name, stage)
    return found


def _ref(branch: str | None) -> str | None:
    """A branch's reference; pull requests are branches of their own names there."""
    name = named(branch)
    if name is None or name.startswith("refs/") or _PULL.fullmatch(name):
        return name
    return f"refs/heads/{name}"


def _text(value: str | int | None) -> str | None:
    return named(str(value)) if value is not None else None


FORMAT: Final = Format("jenkins-x", "Jenkins X activities", "application/json", claims, read)
