"""Small files of what watches and what recovers, for formats that no real file is at hand of."""

from __future__ import annotations

from typing import Any, Final

WATCHED: Final[dict[str, Any]] = {
    "grafana-annotations": [
        {"id": 5, "alertId": 9, "alertName": "CPU", "newState": "Alerting", "prevState": "Pending",
         "time": 1_767_261_600_123, "timeEnd": 1_767_261_600_123, "tags": [], "text": "{host=a}"},
    ],
    "prometheus": {
        "status": "success",
        "data": {"alerts": [{"labels": {"alertname": "Down"}, "state": "firing", "annotations": {},
                             "activeAt": "2026-01-01T10:00:00.5Z", "value": "1e+00"}]},
    },
    "datadog-event": {"event": {
        "id": 1, "monitor_id": 42, "title": "[Triggered on {host:a}] CPU", "text": "T",
        "date_happened": 1767261600, "alert_type": "error", "tags": ["env:live"]}},
    "datadog-incident": {"data": [{"id": "u", "type": "incidents", "attributes": {
        "public_id": 7, "title": "Down", "created": "2026-01-01T10:00:00+00:00",
        "resolved": "2026-01-01T11:00:00+00:00",
        "fields": {"severity": {"type": "dropdown", "value": "SEV-2"}}}}]},
    "new-relic-change": {"data": {"changeTrackingCreateDeployment": {
        "deploymentId": "d1", "version": "1.2", "timestamp": 1_767_261_600_000}}},
    "dynatrace-deployment": {
        "eventType": "CUSTOM_DEPLOYMENT", "title": "shop", "startTime": 1_767_261_600_000,
        "properties": {"dt.event.deployment.name": "shop", "dt.event.deployment.version": "1.2"}},
    "splunk-events": {
        "time": "1767261600.5", "host": "ci", "index": "main", "sourcetype": "json:jenkins",
        "event": {"event_tag": "job_event", "type": "completed", "job_name": "shop", "user": "mia",
                  "build_number": 7, "job_result": "UNSTABLE", "job_duration": 12.5}},
    "splunk-on-call": {"incidents": [
        {"incidentNumber": "12", "currentPhase": "ACKED", "startTime": "2026-01-01T10:00:00Z",
         "entityDisplayName": "Down", "host": "a", "transitions": [
             {"name": "ACKED", "at": "2026-01-01T10:01:00Z", "by": "mia"}]}]},
    "elastic-webhook": {
        "rule": {"id": "r", "name": "CPU", "type": "metrics.alert.threshold"},
        "alert": {"id": "host-a", "uuid": "u", "actionGroup": "recovered"},
        "date": "2026-01-01T10:00:00.000Z", "context": {"reason": "R"}},
    "azure-key-vault-event": [
        {"id": "1", "topic": "/subscriptions/s/providers/Microsoft.KeyVault/vaults/v",
         "eventType": "Microsoft.KeyVault.SecretNewVersionCreated", "subject": "db",
         "eventTime": "2026-01-01T10:00:00Z", "data": {
             "Id": "https://v.vault.azure.net/secrets/db/1", "VaultName": "v", "Version": "1"}}],
    "conjur": (
        '<37>1 2026-01-01T10:00:00.123+00:00 c conjur 1 fetch [auth@43868 user="acme:user:mia"]'
        '[subject@43868 resource="acme:variable:db/pass"][action@43868 result="success" '
        'operation="fetch"] acme:user:mia fetched acme:variable:db/pass\n'),
    "litmus": {
        "apiVersion": "litmuschaos.io/v1alpha1", "kind": "ChaosResult",
        "metadata": {"name": "e-pod-delete", "namespace": "shop",
                     "creationTimestamp": "2026-01-01T10:00:00Z"},
        "spec": {"engine": "e", "experiment": "pod-delete"},
        "status": {"experimentStatus": {"phase": "Completed", "verdict": "Pass",
                                        "probeSuccessPercentage": "100"},
                   "history": {"passedRuns": 1, "failedRuns": 0}}},
    "chaos-mesh": {
        "apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "metadata": {"name": "kill", "namespace": "shop", "uid": "u"},
        "status": {"conditions": [{"type": "AllRecovered", "status": "True"}], "experiment": {
            "desiredPhase": "Stop", "containerRecords": [{"id": "shop/web", "events": [
                {"operation": "Apply", "type": "Succeeded", "timestamp": "2026-01-01T10:00:00Z"},
                {"operation": "Recover", "type": "Succeeded",
                 "timestamp": "2026-01-01T10:01:00Z"}]}]}}},
    "chaostoolkit": {
        "chaoslib-version": "1.30.0", "experiment": {"title": "Does it hold?"}, "deviated": True,
        "status": "completed", "start": "2026-01-01T10:00:00.5", "end": "2026-01-01T10:01:00.5",
        "duration": 60.0, "run": [{"status": "succeeded"}, {"status": "failed"}]},
    "patroni-log": (
        "2026-01-01 10:00:00,061 INFO: Lock owner: a; I am b\n"
        "2026-01-01 10:00:01,061 INFO: promoted self to leader by acquiring session lock\n"),
    "azure-failover": {"records": [
        {"time": "2026-01-01T10:00:00Z", "resourceId": "/s/servers/a/failoverGroups/g",
         "operationName": "MICROSOFT.SQL/SERVERS/FAILOVERGROUPS/FAILOVER/ACTION",
         "resultType": "Success", "correlationId": "c"}]},
    "cloud-sql": {"kind": "sql#operationsList", "items": [
        {"kind": "sql#operation", "name": "op", "operationType": "FAILOVER", "status": "DONE",
         "targetId": "db", "user": "mia@acme.example", "startTime": "2026-01-01T10:00:00Z",
         "endTime": "2026-01-01T10:01:00Z"}]},
    "mongodb-atlas": {"results": [
        {"id": "1", "eventTypeName": "PRIMARY_ELECTED", "groupId": "g", "clusterName": "c",
         "created": "2026-01-01T10:00:00Z", "hostnameAndPort": "a:27017"}]},
    "velero": {
        "apiVersion": "velero.io/v1", "kind": "Backup", "metadata": {"name": "daily-1"},
        "spec": {"includedNamespaces": ["shop"]},
        "status": {"phase": "PartiallyFailed", "errors": 2,
                   "startTimestamp": "2026-01-01T10:00:00Z",
                   "completionTimestamp": "2026-01-01T10:05:00Z"}},
    "postgres-backup": [
        {"name": "main", "status": {"code": 0}, "db": [], "backup": [
            {"label": "20260101-100000F", "type": "full", "error": False,
             "timestamp": {"start": 1767261600, "stop": 1767261660}}]}],
    "restic": [
        {"id": "a" * 64, "time": "2026-01-01T10:00:00.5Z", "tree": "t", "paths": ["/srv"],
         "hostname": "h", "username": "mia", "program_version": "restic 0.17.1"}],
    "kubernetes-revisions": {"kind": "List", "items": [
        {"apiVersion": "apps/v1", "kind": "Deployment",
         "metadata": {"name": "web", "namespace": "shop",
                      "annotations": {"deployment.kubernetes.io/revision": "3"}},
         "spec": {"template": {"spec": {"containers": [{"image": "reg.example/web:1"}]}}},
         "status": {"conditions": [{"type": "Progressing", "reason": "NewReplicaSetAvailable",
                                    "lastUpdateTime": "2026-01-01T12:00:00Z"}]}},
        {"apiVersion": "apps/v1", "kind": "ReplicaSet",
         "metadata": {"name": "web-a", "namespace": "shop",
                      "creationTimestamp": "2026-01-01T10:00:00Z",
                      "ownerReferences": [{"kind": "Deployment", "name": "web"}],
                      "annotations": {"deployment.kubernetes.io/revision": "3",
                                      "deployment.kubernetes.io/revision-history": "1"}}},
        {"apiVersion": "apps/v1", "kind": "ReplicaSet",
         "metadata": {"name": "web-b", "namespace": "shop",
                      "creationTimestamp": "2026-01-01T11:00:00Z",
                      "ownerReferences": [{"kind": "Deployment", "name": "web"}],
                      "annotations": {"deployment.kubernetes.io/revision": "2"}}}]},
    "kubernetes-events": {"kind": "List", "items": [
        {"kind": "Event", "metadata": {"uid": "e-1"}, "reason": "DeploymentRollback",
         "involvedObject": {"kind": "Deployment", "name": "web", "namespace": "shop"},
         "message": 'Rolled back deployment "web" to revision 1',
         "lastTimestamp": "2026-01-01T12:00:00Z"}]},
}  # fmt: skip
"""Values of files, by their format."""
