-- What was said of incidents: one row an event.
SELECT
    position,
    recorded_at,
    occurred_at,
    split_part(type, '.', 3) AS what,
    assurance,
    principal,
    source,
    event ->> '$.data.incident' AS incident,
    service,
    environment,
    from_json(event -> '$.data.services', '["VARCHAR"]') AS services,
    actor,
    ticket,
    event ->> '$.data.severity' AS severity,
    event ->> '$.data.category' AS category,
    event ->> '$.data.cause' AS cause,
    event ->> '$.data.caused_by' AS caused_by,
    TRY_CAST(upper(event ->> '$.data.started_at') AS TIMESTAMPTZ) AS started_at,
    TRY_CAST(upper(event ->> '$.data.detected_at') AS TIMESTAMPTZ) AS detected_at,
    TRY_CAST(upper(event ->> '$.data.contained_at') AS TIMESTAMPTZ) AS contained_at,
    TRY_CAST(upper(event ->> '$.data.restored_at') AS TIMESTAMPTZ) AS restored_at,
    TRY_CAST(upper(event ->> '$.data.resolved_at') AS TIMESTAMPTZ) AS resolved_at,
    event ->> '$.data.owner' AS owner,
    event ->> '$.data.acknowledged_by' AS acknowledged_by,
    TRY_CAST(event ->> '$.data.reviewed' AS BOOLEAN) AS reviewed,
    event ->> '$.data.reviewer' AS reviewer,
    TRY_CAST(event ->> '$.data.notifiable' AS BOOLEAN) AS notifiable,
    TRY_CAST(upper(event ->> '$.data.aware_at') AS TIMESTAMPTZ) AS aware_at,
    event ->> '$.data.url' AS url,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type IN (
    'pipeledger.incident.opened', 'pipeledger.incident.acknowledged',
    'pipeledger.incident.assessed', 'pipeledger.incident.restored',
    'pipeledger.incident.resolved', 'pipeledger.incident.reopened'
)
