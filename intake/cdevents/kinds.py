"""Which type of CDEvents becomes what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from domain.errors import RefusedError
from intake.cdevents import operations, runs, sources
from intake.cdevents.event import Event
from intake.cdevents.structure import CDEvent, Content
from intake.json_body import read_fields
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Callable

    from intake.report import Reading

PREFIX: Final = "dev.cdevents"
"""Of their types, and of custom ones (`dev.cdeventsx.`)."""

_TYPE: Final = re.compile(
    r"dev\.cdevents(?:\.|x\.(?P<tool>[A-Za-z0-9]+)-)(?P<kind>[A-Za-z]+\.[A-Za-z]+)"
    r"\.\d{1,4}\.\d{1,4}\.\d{1,4}(?:-[A-Za-z0-9.-]{1,40})?"
)
_READERS: Final[dict[str, Callable[[Event], Reading | None]]] = {
    "pipelinerun.started": runs.pipeline_started,
    "pipelinerun.finished": runs.pipeline_finished,
    "taskrun.finished": runs.task_finished,
    "build.finished": runs.build_finished,
    "testcaserun.finished": runs.case_finished,
    "testcaserun.skipped": runs.case_skipped,
    "testsuiterun.finished": runs.suite_finished,
    "change.created": sources.proposed,
    "change.updated": sources.updated,
    "change.merged": sources.merged,
    "change.abandoned": sources.abandoned,
    "branch.created": sources.branch_created,
    "branch.deleted": sources.branch_deleted,
    "artifact.packaged": sources.packaged,
    "artifact.signed": sources.signed,
    "artifact.published": sources.published,
    "service.deployed": operations.deployed,
    "service.upgraded": operations.upgraded,
    "service.rolledback": operations.rolled_back,
    "service.removed": operations.removed,
    "service.published": operations.published,
    "environment.created": operations.environment_created,
    "environment.modified": operations.environment_modified,
    "environment.deleted": operations.environment_deleted,
    "incident.detected": operations.incident_detected,
    "incident.reported": operations.incident_reported,
    "incident.resolved": operations.incident_resolved,
    "ticket.created": operations.ticket_created,
    "ticket.updated": operations.ticket_updated,
    "ticket.closed": operations.ticket_closed,
    "approval.created": operations.approval_created,
    "approval.updated": operations.approval_updated,
    "approval.closed": operations.approval_closed,
}
_CUSTOM: Final[dict[str, Callable[[Event], Reading | None]]] = {
    # The content of an approval, for emitters of a version that has none.
    "ledger-approval.created": operations.approval_created,
    "ledger-approval.updated": operations.approval_updated,
    "ledger-approval.closed": operations.approval_closed,
    "ledger-deployment.failed": operations.deployment_failed,
}


def reader_of(kind: str) -> Callable[[Event], Reading | None] | None:
    """Who reads events of a type, whatever its version; None where no event type is for it."""
    found = _TYPE.fullmatch(kind)
    if found is None:
        return None
    if found["tool"] is not None:
        return _CUSTOM.get(f"{found['tool']}-{found['kind']}".lower())
    return _READERS.get(found["kind"].lower())


def read_cdevent(body: bytes) -> Reading | None:
    """The reading of one event; None where no event type is for it.

    Raises:
        RefusedError: no CDEvent; the field is named.
        TooLargeError: a limit was passed.
    """
    told = read_fields(body, CDEvent)
    reader = reader_of(told.context.type)
    if reader is None:
        return None
    for name, text in (("id", told.context.id), ("source", told.context.source)):
        # Without them all events of a type would be the same one.
        if named(text) is None:
            raise RefusedError(f"field context.{name}", "expected a text that is not empty")
    content = read_fields(bytes(told.subject.content), Content, "subject.content", 2)
    custom = told.custom_data if isinstance(told.custom_data, dict) else {}
    event = Event(told.context, told.subject.id, content, custom, {})
    return reader(event) if event.name is not None else None
