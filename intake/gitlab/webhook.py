"""GitLab's webhooks: which kind a body is of, and who reads it.

The kind stands in the body: `object_kind`, or `event_name` where there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.gitlab import (
    access,
    alerts,
    audit,
    changes,
    deployments,
    incidents,
    runs,
    structure,
)
from intake.json_body import read_fields
from intake.report import Format, Reading
from intake.schemes import AnyOf, Shared, Standard, standard_secret
from intake.sender import Sender
from intake.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from intake.shape import Shape

KINDS: Final[dict[str, tuple[type[Any], Callable[[Any], list[Reading]]]]] = {
    "push": (structure.Push, changes.push),
    "tag_push": (structure.Push, changes.tag_push),
    "merge_request": (structure.MergeRequestEvent, changes.merge_request),
    "release": (structure.ReleaseEvent, changes.release),
    "pipeline": (structure.PipelineEvent, runs.pipeline),
    "build": (structure.JobEvent, runs.job),
    "deployment": (structure.DeploymentEvent, deployments.deployment),
    "issue": (structure.WorkItemEvent, incidents.work_item),
    "work_item": (structure.WorkItemEvent, incidents.work_item),
    "access_token": (structure.AccessTokenEvent, alerts.access_token),
    "vulnerability": (structure.VulnerabilityEvent, alerts.vulnerability),
}
_PLACES: Final = frozenset({"project", "project_id", "group", "group_id", "object_attributes"})
_SUBJECTS: Final = frozenset({"user_id", "project_id", "group_id", "key"})


def claims(shape: Shape) -> bool:
    """`object_kind` with its place or attributes, or the name of an event that has none."""
    told = (shape.members or {}).keys()
    if "object_kind" in told:
        return bool(_PLACES & told) and shape.text("object_kind") is not None
    return shape.text("event_name") in access.NAMES and bool(_SUBJECTS & told)


def read(body: bytes) -> list[Reading]:
    """The readings of a body; none where its kind or action has no event type.

    Raises:
        RefusedError: no payload of GitLab; the place is named.
        TooLargeError: a limit was passed.
    """
    shape = shape_of(body)
    kind = shape.text("object_kind")
    if kind is None:
        return access.membership(read_fields(body, structure.Membership))
    if kind not in KINDS:
        return []
    fields, reader = KINDS[kind]
    return reader(read_fields(body, fields))


FORMAT: Final = Format("gitlab", "GitLab webhook", "application/json", claims, read)
_ENTER: Final = (
    "Settings, Webhooks, Add new webhook: URL and Secret token (or Signing token) as above"
)
SENDER: Final = Sender(
    name="gitlab",
    title="GitLab",
    scheme=AnyOf((
        Shared("x-gitlab-token", _ENTER),
        # Newer versions sign, beside the token or instead of it.
        Standard(_ENTER),
        # Audit events are streamed with a header of their own.
        Shared("x-gitlab-event-streaming-token", _ENTER),
    )),
    formats=(FORMAT, audit.FORMAT),
    kind_header="x-gitlab-event",
    wide_kinds=frozenset({"system hook", "confidential issue hook"}),
    # Good as either of its tokens.
    new_secret=standard_secret,
)  # fmt: skip
