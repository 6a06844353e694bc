"""Azure DevOps' service hooks: which kind an event is of, and who reads it.

They are not signed: a subscription has a user and password, or headers of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.azure_devops import changes, releases, runs, structure, tickets
from intake.json_body import read_fields
from intake.report import Format, Reading
from intake.schemes import AnyOf, Basic, Shared
from intake.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Callable

    from intake.shape import Shape

_Reader = tuple[type[Any], "Callable[[structure.Hook, Any], list[Reading]]"]
KINDS: Final[dict[str, _Reader]] = {
    "git.push": (structure.Push, changes.push),
    "git.pullrequest.created": (structure.PullRequest, changes.created),
    "git.pullrequest.merged": (structure.PullRequest, changes.merged),
    "git.pullrequest.updated": (structure.PullRequest, changes.updated),
    "ms.vss-code.git-pullrequest-comment-event": (structure.Commented, changes.commented),
    "build.complete": (structure.Build, runs.build),
    "ms.vss-pipelines.run-state-changed-event": (structure.Ran, runs.run_state),
    "ms.vss-pipelines.stage-state-changed-event": (structure.Ran, runs.stage_state),
    "ms.vss-pipelines.job-state-changed-event": (structure.Ran, runs.job_state),
    "ms.vss-pipelinechecks-events.approval-pending": (structure.Ran, runs.approval),
    "ms.vss-pipelinechecks-events.approval-completed": (structure.Ran, runs.approval),
    "ms.vss-release.release-created-event": (structure.Released, releases.created),
    "ms.vss-release.deployment-started-event": (structure.Released, releases.started),
    "ms.vss-release.deployment-completed-event": (structure.Released, releases.completed),
    "ms.vss-release.deployment-approval-pending-event": (structure.Released, releases.approval),
    "ms.vss-release.deployment-approval-completed-event": (structure.Released, releases.approval),
    "workitem.created": (structure.WorkItem, tickets.created),
    "workitem.updated": (structure.WorkItem, tickets.updated),
}
_MARKS: Final = frozenset({"eventType", "resource"})
_BEGINS: Final = ("ms.vss-", "git.", "build.", "workitem.", "tfvc.")


def claims(shape: Shape) -> bool:
    """A resource with the type of an event, all of which begin alike."""
    told = (shape.members or {}).keys()
    return told >= _MARKS and (kind_of(shape) or "").startswith(_BEGINS)


def kind_of(shape: Shape) -> str | None:
    """The event's type."""
    return shape.text("eventType")


def read(body: bytes) -> list[Reading]:
    """The readings of an event; none where its kind or state has no event type.

    Raises:
        RefusedError: no event of Azure DevOps; the place is named.
        TooLargeError: a limit was passed.
    """
    hook = read_fields(body, structure.Hook)
    if hook.event_type not in KINDS:
        return []
    fields, reader = KINDS[hook.event_type]
    return reader(hook, read_fields(bytes(hook.resource), fields, "resource", 1))


_ENTER: Final = (
    "Project settings, Service hooks, Web Hooks: URL as above, Basic authentication password the "
    "secret; Resource details to send: All"
)
FORMAT: Final = Format(
    "azure-devops", "Azure DevOps service hooks", "application/json", claims, read
)
SENDER: Final = Sender(
    name="azure-devops",
    title="Azure DevOps",
    scheme=AnyOf((Basic(_ENTER), Shared("authorization", _ENTER, prefix="Bearer "))),
    formats=(FORMAT,),
    kind_of=kind_of,
)
