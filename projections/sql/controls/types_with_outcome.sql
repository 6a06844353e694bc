-- Types of events that must say how it went; the others are what happened.
SELECT 'pipeledger.' || unnest([
    'access.reviewed', 'admission.decided', 'approval.reported', 'attestation.verified',
    'backup.finished', 'build.finished', 'change.reviewed', 'clock.checked', 'control.evaluated',
    'database.migrated', 'deployment.finished', 'drill.finished', 'failover.finished',
    'gate.decided', 'infrastructure.applied', 'pipeline.finished', 'policy.evaluated',
    'quality.evaluated', 'restore.tested', 'scan.finished', 'secret.accessed', 'task.finished',
    'tests.finished'
]) AS type
