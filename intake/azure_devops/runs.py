"""Builds, runs of pipelines with their stages and jobs, and what those wait for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from intake.address import repository_of
from intake.azure_devops.common import (
    SYSTEM,
    at,
    is_service,
    outcome_of,
    person,
    reading,
    time_of,
    web,
)
from intake.azure_devops.structure import Checkout, Hosted, Identity, Run
from intake.ids import commit_of
from intake.instant import seconds_between, told_time
from intake.rows import named

if TYPE_CHECKING:
    from intake.azure_devops.structure import Build, Hook, Part, Ran, Step
    from intake.report import Reading

_VERSION: Final = re.compile(r"[A-Z]+:(refs/[^:]+):([0-9a-fA-F]{40})")
# Nobody asks for these, whoever they are run for.
_CLOCKS: Final = frozenset({"schedule", "scheduledforced", "resourcetrigger"})
_MOST: Final = 1000
_SELF: Final = "self"
_GITHUB: Final = "https://github.com/"
_VERDICTS: Final = {
    "approved": "approved", "rejected": "rejected", "canceled": "withdrawn",
    "cancelled": "withdrawn", "timedout": "expired", "pending": "requested",
}  # fmt: skip


def build(hook: Hook, told: Build) -> list[Reading]:
    """A build that ended; its result stands in `status` in older versions."""
    outcome = outcome_of(told.result) or outcome_of(told.status)
    if outcome is None or told.id is None:
        return []
    asked = told.requested_for or next((one.requested_for for one in told.requests or ()), None)
    who = None if (told.reason or "").lower() in _CLOCKS else person(asked)
    place = _VERSION.fullmatch(told.source_get_version or "")
    began, ended = told_time(told.start_time), told_time(told.finish_time)
    data: dict[str, Any] = {
        "run": str(told.id),
        "build": named(told.build_number),
        "pipeline": named(told.definition.name) if told.definition else None,
        "outcome": outcome,
        "reported_outcome": named(told.result) or named(told.status),
        "trigger": named(told.reason),
        "triggered_by": who,
        "actor": who,
        "workload": named(asked.display_name) if asked and is_service(asked) else None,
        "repository": repository_of(told.repository.url) if told.repository else None,
        "commit": commit_of(told.source_version) or (commit_of(place[2]) if place else None),
        "ref": named(told.source_branch) or (place[1] if place else None),
        "started_at": time_of(told.start_time),
        "duration_s": seconds_between(began, ended),
        "url": web(told.links),
    }
    return [reading(hook, "pipeline.finished", at(hook, told.finish_time), data)]


def run_state(hook: Hook, told: Ran) -> list[Reading]:
    """A run that began or ended."""
    run = told.run or Run()
    data, state = _run(told), (run.state or "").lower()
    if data is None:
        return []
    if state == "inprogress":
        begun = data | _asked(told)
        return [reading(hook, "pipeline.started", at(hook, run.created_date), begun)]
    outcome = outcome_of(run.result)
    if state != "completed" or outcome is None:
        return []
    # A run is made before it starts, so its length is not told.
    done = data | _asked(told) | {"outcome": outcome, "reported_outcome": named(run.result)}
    return [reading(hook, "pipeline.finished", at(hook, run.finished_date), done)]


def stage_state(hook: Hook, told: Ran) -> list[Reading]:
    """A stage that ended."""
    return _part(hook, told, told.stage, {}) if told.stage is not None else []


def job_state(hook: Hook, told: Ran) -> list[Reading]:
    """A job that ended."""
    within = named(told.stage.name) if told.stage is not None else None
    return _part(hook, told, told.job, {"stage": within}) if told.job is not None else []


def _part(hook: Hook, told: Ran, part: Part, more: dict[str, Any]) -> list[Reading]:
    data, outcome = _run(told), outcome_of(part.result)
    name = named(part.name) or named(part.display_name)
    if data is None or outcome is None or name is None or (part.state or "").lower() != "completed":
        return []
    data |= more | {
        "task": name,
        "attempt": part.attempt if part.attempt and 0 < part.attempt <= _MOST else None,
        "outcome": outcome,
        "reported_outcome": named(part.result),
        "started_at": time_of(part.start_time),
        "duration_s": seconds_between(told_time(part.start_time), told_time(part.finish_time)),
    }
    return [reading(hook, "task.finished", at(hook, part.finish_time), data)]


def approval(hook: Hook, told: Ran) -> list[Reading]:
    """A stage waits for somebody, or somebody answered; each answer is one."""
    asked = told.approval
    if asked is None or named(asked.id) is None:
        return []
    place = told.resource
    environment = named(place.name) if place and place.type == "environment" else None
    data = (_run(told) or {}) | {
        "approval": named(asked.id),
        "system": SYSTEM,
        "environment": environment,
        "environments": [environment] if environment else None,
        "stage": named(told.stage_name) or (named(told.stage.name) if told.stage else None),
        "reason": asked.instructions,
    }
    whole = _VERDICTS.get((asked.status or "").lower())
    if whole is None:
        return []
    answered = [one for one in asked.steps or () if _answer(one) not in (None, "requested")]
    said = [] if whole == "requested" else [_answered(one) for one in answered]
    # Without all of its answers it may have run out, whatever was said.
    if whole not in [one["verdict"] for one in said]:
        said.append({"verdict": whole, "reported_outcome": named(asked.status)})
    return [reading(hook, "approval.reported", at(hook), data | one) for one in said]


def _answer(step: Step) -> str | None:
    return _VERDICTS.get((step.status or "").lower())


def _answered(step: Step) -> dict[str, Any]:
    who: Identity | None = step.actual_approver or step.assigned_approver
    return {
        "verdict": _answer(step),
        "approver": person(who),
        "actor": person(who),
        "comment": step.comment,
        "reported_outcome": named(step.status),
    }


def _run(told: Ran) -> dict[str, Any] | None:
    run = told.run
    if run is None or run.id is None:
        return None
    pipeline = told.pipeline or run.pipeline
    return {
        "run": str(run.id),
        "build": named(run.name),
        "pipeline": named(pipeline.name) if pipeline else None,
        "url": web(run.links),
    } | _source(told, run)


def _source(told: Ran, run: Run) -> dict[str, Any]:
    """What a run is of: the repository that has its pipeline."""
    used = (run.resources.repositories if run.resources else None) or {}
    own = used.get(_SELF) or Checkout()
    hosted = own.repository or Hosted()
    address = next((one.url for one in told.repositories or () if one.alias == _SELF), None)
    if (hosted.type or "").lower() == "github" and hosted.full_name:
        # What is told of these is where programs find them.
        address = _GITHUB + hosted.full_name
    return {
        "repository": repository_of(address),
        "commit": commit_of(own.version),
        "ref": named(own.ref_name),
    }


def _asked(told: Ran) -> dict[str, Any]:
    """Who asked for a run; the service's own accounts are nobody."""
    who = person(told.requested_for)
    return {"actor": who, "triggered_by": who}
