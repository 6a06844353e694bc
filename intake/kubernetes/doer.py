"""Who a user name of Kubernetes is of: somebody, or a service account, a node, a component."""

from __future__ import annotations

from typing import Any, Final

from intake.person import account_of
from intake.rows import named

SYSTEM: Final = "kubernetes"
# Kubernetes keeps the first prefix to itself, its hosted edition on AWS the second.
_MACHINES: Final = ("system:", "eks:")


def is_machine(name: str | None) -> bool:
    """Whether a user name is of a service account, a node or a component."""
    return name is not None and name.startswith(_MACHINES)


def doer_of(user: str | None) -> dict[str, Any]:
    """`actor` or `workload`, whichever a user name is of."""
    if is_machine(user):
        return {"workload": named(user)}
    return {"actor": account_of(SYSTEM, named(user))}
