-- What was said of rights and of logging in: one row an event.
SELECT
    position,
    recorded_at,
    occurred_at,
    replace(type, 'pipeledger.', '') AS what,
    assurance,
    principal,
    source,
    service,
    environment,
    repository,
    ticket,
    actor,
    event ->> '$.data.workload' AS workload,
    outcome,
    event ->> '$.data.target' AS target,
    coalesce(event ->> '$.data.subject', event ->> '$.data.grantee') AS subject,
    event ->> '$.data.role' AS role,
    event ->> '$.data.approval' AS approval,
    event ->> '$.data.approved_by' AS approved_by,
    TRY_CAST(upper(event ->> '$.data.until') AS TIMESTAMPTZ) AS until,
    TRY_CAST(event ->> '$.data.break_glass' AS BOOLEAN) AS break_glass,
    TRY_CAST(upper(event ->> '$.data.requested_at') AS TIMESTAMPTZ) AS requested_at,
    event ->> '$.data.reviewer' AS reviewer,
    event ->> '$.data.reviews' AS reviews,
    event ->> '$.data.request' AS request,
    from_json(
        event -> '$.data.removals', '[{"subject": "VARCHAR", "role": "VARCHAR", "done": "BOOLEAN"}]'
    ) AS removals,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type IN (
    'pipeledger.access.granted', 'pipeledger.access.revoked', 'pipeledger.access.elevated',
    'pipeledger.access.reviewed', 'pipeledger.login.failed'
)
