"""What HCP Terraform and Terraform Enterprise notify of: runs, and health of workspaces.

What a run came to is told by its status; the trigger `run:errored` is also that of a cancelled
run. Neither says in which phase a run failed, so that is the end of a run and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from intake.instant import told_time
from intake.json_body import read_fields
from intake.number import count_of
from intake.order import by_time
from intake.person import person_of
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import Signed
from intake.sender import Sender
from intake.terraform.structure import Assessment, Details, Notification, Notified

if TYPE_CHECKING:
    from intake.shape import Shape

_ENDS: Final = {
    "applied": "success", "planned_and_finished": "success", "planned_and_saved": "success",
    "errored": "error", "policy_soft_failed": "failure",
    "canceled": "cancelled", "force_canceled": "cancelled", "discarded": "cancelled",
}  # fmt: skip
_PLANNED: Final = frozenset({"planned_and_finished", "planned_and_saved"})
_NAME: Final = "terraform"


def claims(shape: Shape) -> bool:
    """A JSON object with a notification's configuration and what it is about."""
    members = shape.members or {}
    about = {"notifications", "details", "trigger", "run_id"} & members.keys()
    return "notification_configuration_id" in members and bool(about)


def is_verification(shape: Shape) -> bool:
    """Whether it only tries the address: it is about no run and no workspace."""
    return claims(shape) and b'"verification"' in bytes(shape.object.get("notifications") or b"")


def read(body: bytes) -> list[Reading]:
    """The readings of a notification; none where there is no event type for it.

    Raises:
        RefusedError: no notification; the place is named.
        TooLargeError: a limit was passed.
    """
    one = read_fields(body, Notification)
    if one.details is not None:
        return _workspace(one.trigger, one.details)
    return by_time(reading for each in one.notifications or () for reading in _run(one, each))


def _run(one: Notification, each: Notified) -> list[Reading]:
    run, status = named(one.run_id), each.run_status or ""
    if run is None:
        return []
    host = _host(one.run_url)
    by = person_of(host, login=each.run_updated_by)
    made_by = person_of(host, login=one.run_created_by)
    base: dict[str, Any] = {
        "run": run,
        "tool": _NAME,
        "workspace": named(one.workspace_name),
        "organization": named(one.organization_name),
        "url": named(one.run_url),
        "reported_outcome": named(each.run_status),
        "actor": by,
    }
    found: list[tuple[str, dict[str, Any]]] = []
    if each.trigger == "run:created":
        started = {"actor": made_by, "pipeline": base["workspace"], "triggered_by": made_by}
        found.append(("pipeline.started", base | started))
    elif each.trigger == "run:needs_attention":
        asked = {"verdict": "requested", "requester": made_by, "reason": one.run_message}
        found.append(("infrastructure.planned", base | {"outcome": "success"}))
        found.append(("approval.reported", base | _approval(run, host) | asked))
    elif status == "confirmed" and by is not None:
        agreed = {"verdict": "approved", "requester": made_by, "approver": by}
        found.append(("approval.reported", base | _approval(run, host) | agreed))
    elif status in _ENDS:
        found += _ended(base, status, _approval(run, host) | {"requester": made_by})
    time = one.run_created_at if each.trigger == "run:created" else each.run_updated_at
    source = _place(one.run_url)
    return [
        fact(what, told_time(time), data, kind=named(each.trigger), source=source)
        for what, data in found
    ]


def _ended(
    base: dict[str, Any], status: str, approval: dict[str, Any]
) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    outcome = {"outcome": _ENDS[status]}
    if status == "applied":
        found.append(("infrastructure.applied", base | outcome))
    elif status in _PLANNED:
        found.append(("infrastructure.planned", base | outcome))
    elif status == "discarded" and base["actor"] is not None:
        refused = {"verdict": "rejected", "approver": base["actor"]}
        found.append(("approval.reported", base | approval | refused))
    found.append(("pipeline.finished", base | outcome | {"pipeline": base["workspace"]}))
    return found


def _approval(run: str, host: str) -> dict[str, Any]:
    return {"approval": run, "system": host, "subjects": [{"kind": "plan"}]}


def _workspace(trigger: str | None, details: Details) -> list[Reading]:
    """A health assessment: a plan that only looks, and the checks of the configuration."""
    one = details.new_assessment_result
    if one is None:
        return []
    base: dict[str, Any] = {
        "tool": _NAME,
        "run": named(one.id),
        "workspace": named(details.workspace_name),
        "organization": named(details.organization_name),
        "url": named(one.url),
        "reported_outcome": named(trigger),
    }
    found = []
    if one.succeeded is False:
        found.append(("infrastructure.planned", base | {"outcome": "error"}))
    else:
        drift = count_of(one.resources_drifted) if one.drifted is not False else 0
        found.append(("infrastructure.planned", base | {"outcome": "success", "drift": drift}))
        if one.all_checks_succeeded is not None and _checks(one):
            found.append(("quality.evaluated", base | {
                "gate": "continuous validation",
                "outcome": "success" if one.all_checks_succeeded else "failure",
                "target": base["workspace"],
                "counts": _checks(one),
                "counted": "checks of resources, data sources and outputs",
            }))  # fmt: skip
    told = told_time(one.created_at)
    return [fact(what, told, data, kind=named(trigger)) for what, data in found]


def _checks(one: Assessment) -> dict[str, int]:
    counts = {
        "passed": one.checks_passed, "failed": one.checks_failed,
        "errored": one.checks_errored, "unknown": one.checks_unknown,
    }  # fmt: skip
    return {name: number for name, told in counts.items() if (number := count_of(told))}


def _host(url: str | None) -> str:
    try:
        return named(urlsplit(url or "").hostname) or _NAME
    except ValueError:
        return _NAME


def _place(url: str | None) -> str | None:
    """The address of the workspace: that of the run without the run."""
    place, _, run = (named(url) or "").rpartition("/runs/")
    return place if run and place.startswith("https://") else None


FORMAT: Final = Format(
    "terraform-cloud", "HCP Terraform notification", "application/json", claims, read
)
SENDER: Final = Sender(
    name="terraform",
    title="HCP Terraform",
    scheme=Signed(
        "x-tfe-notification-signature",
        "Workspace, Settings, Notifications, Create a notification, Webhook: Webhook URL and "
        "Token as above",
        algorithm="sha512",
    ),
    formats=(FORMAT,),
    is_ping=is_verification,
)
