"""Calls that fail a database over; all other changes of databases are changes.

A snapshot or a restore is begun by a call and ended by an event of the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.rows import named

if TYPE_CHECKING:
    from intake.aws.call import Call
    from intake.report import Reading

_FAILOVERS: Final = frozenset({
    "FailoverDBCluster", "FailoverGlobalCluster", "SwitchoverGlobalCluster",
    "SwitchoverReadReplica", "PromoteReadReplica", "PromoteReadReplicaDBCluster", "TestFailover",
    "FailoverReplicationGroup",
})  # fmt: skip
_NAMES: Final = (
    "dBInstanceIdentifier", "dBClusterIdentifier", "globalClusterIdentifier",
    "dBSnapshotIdentifier", "dBClusterSnapshotIdentifier", "targetDBSnapshotIdentifier",
    "targetDBClusterSnapshotIdentifier", "targetDBInstanceIdentifier",
    "dBParameterGroupName", "dBClusterParameterGroupName", "dBSubnetGroupName",
    "optionGroupName", "blueGreenDeploymentIdentifier", "dBProxyName", "replicationGroupId",
    "cacheClusterId", "resourceName",
)  # fmt: skip
_FROM: Final = (
    "dBClusterIdentifier", "globalClusterIdentifier", "dBInstanceIdentifier",
    "replicationGroupId",
)  # fmt: skip
_TO: Final = (
    "targetDBInstanceIdentifier", "targetDbClusterIdentifier", "targetDBClusterIdentifier",
)  # fmt: skip


def databases(call: Call) -> list[Reading]:
    """A call to RDS or another service of databases."""
    if call.is_read:
        return []
    if not _is_failover(call):
        return [call.changed(call.request.text(*_NAMES))]
    data = {
        "recovery": named(call.record.event_id) or "unknown",
        "target": named(call.request.text(*_FROM)),
        "to_site": named(call.request.text(*_TO)),
        "trigger": "manual",
        "data_loss": call.request.get("allowDataLoss") is True or None,
        "action": named(call.name),
    }
    if call.outcome == "success":
        state = named(call.response.text("status"))
        return [call.reading("failover.started", data | {"reported_outcome": state})]
    return [call.reading("failover.finished", data | {"outcome": call.outcome})]


def _is_failover(call: Call) -> bool:
    if call.name == "RebootDBInstance":
        return call.request.get("forceFailover") is True
    return call.name in _FAILOVERS
