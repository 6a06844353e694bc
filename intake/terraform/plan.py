"""A plan as `terraform show -json` or `tofu show -json` writes it: one `infrastructure.planned`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from intake.instant import told_time
from intake.json_body import read_fields
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.terraform.changes import Changes
from intake.terraform.structure import Plan, ResourceChange

if TYPE_CHECKING:
    from intake.shape import Shape

_TOFU: Final = "registry.opentofu.org/"
_NOTHING: Final = ("no-op",)


def claims(shape: Shape) -> bool:
    """A JSON object with a format version and planned values or changes."""
    members = shape.members or {}
    return "format_version" in members and bool(
        {"planned_values", "resource_changes"} & members.keys()
    )


def read(body: bytes) -> list[Reading]:
    """The reading of a file.

    Raises:
        RefusedError: no plan; the place is named.
        TooLargeError: a limit was passed.
    """
    plan = read_fields(body, Plan)
    changes = Changes()
    resources = plan.resource_changes or []
    for one in resources:
        actions = _actions(one)
        # Terraform shows and counts no data source that merely goes.
        if one.mode != "data" or "delete" not in actions:
            changes.add(_word(actions), actions, one.address, _row(one))
    for one in plan.resource_drift or ():
        changes.drifted(_word(_actions(one)), one.address, _row(one))
    outputs = [one.actions or () for one in (plan.output_changes or {}).values()]
    document = changes.document()
    by_tofu = any((one.provider_name or "").startswith(_TOFU) for one in resources)
    data: dict[str, Any] = {
        "tool": "opentofu" if by_tofu else "terraform",
        "tool_version": named(plan.terraform_version),
        "outcome": "error" if plan.errored else "success",
        "applyable": plan.applyable,
        "complete": plan.complete,
        **changes.told("resource_changes by action"),
        # Terraform before 0.15.4 did not look for drift.
        "drift": changes.drift if plan.format_version != "0.1" else None,
        "output_changes": sum(1 for actions in outputs if tuple(actions) != _NOTHING),
        "plan": f"sha256:{hashlib.sha256(body).hexdigest()}",
        "resource_changes": document.digest if document else None,
    }
    return [fact("infrastructure.planned", told_time(plan.timestamp), data, documents=[document])]


def _actions(one: ResourceChange) -> tuple[str, ...]:
    return tuple(one.change.actions or _NOTHING) if one.change is not None else _NOTHING


def _word(actions: tuple[str, ...]) -> str:
    if {"create", "delete"} <= set(actions):
        return "replace"
    return named("+".join(actions)) or "unknown"


def _row(one: ResourceChange) -> dict[str, Any]:
    change = one.change
    return {
        "previous_address": named(one.previous_address),
        "type": named(one.type),
        "provider": named(one.provider_name),
        "deposed": True if one.deposed else None,
        "importing": True if change is not None and change.importing is not None else None,
        "reason": named(one.action_reason),
    }


FORMAT: Final = Format(
    "terraform-plan", "Terraform or OpenTofu plan", "application/json", claims, read
)
