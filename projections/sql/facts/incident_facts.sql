-- What was said of incidents: one row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "services": ["VARCHAR"], "incident": "VARCHAR", "severity": "VARCHAR",
            "category": "VARCHAR", "cause": "VARCHAR", "caused_by": "VARCHAR",
            "started_at": "VARCHAR", "detected_at": "VARCHAR", "contained_at": "VARCHAR",
            "restored_at": "VARCHAR", "resolved_at": "VARCHAR", "owner": "VARCHAR",
            "acknowledged_by": "VARCHAR", "reviewed": "VARCHAR", "reviewer": "VARCHAR",
            "notifiable": "VARCHAR", "aware_at": "VARCHAR", "url": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type IN (
        'pipeledger.incident.opened', 'pipeledger.incident.acknowledged',
        'pipeledger.incident.assessed', 'pipeledger.incident.restored',
        'pipeledger.incident.resolved', 'pipeledger.incident.reopened'
    )
)

SELECT
    position,
    recorded_at,
    occurred_at,
    split_part(type, '.', 3) AS what,
    assurance,
    principal,
    source,
    told.incident,
    service,
    environment,
    told.services,
    actor,
    ticket,
    told.severity,
    told.category,
    told.cause,
    told.caused_by,
    TRY_CAST(upper(told.started_at) AS TIMESTAMPTZ) AS started_at,
    TRY_CAST(upper(told.detected_at) AS TIMESTAMPTZ) AS detected_at,
    TRY_CAST(upper(told.contained_at) AS TIMESTAMPTZ) AS contained_at,
    TRY_CAST(upper(told.restored_at) AS TIMESTAMPTZ) AS restored_at,
    TRY_CAST(upper(told.resolved_at) AS TIMESTAMPTZ) AS resolved_at,
    told.owner,
    told.acknowledged_by,
    TRY_CAST(told.reviewed AS BOOLEAN) AS reviewed,
    told.reviewer,
    TRY_CAST(told.notifiable AS BOOLEAN) AS notifiable,
    TRY_CAST(upper(told.aware_at) AS TIMESTAMPTZ) AS aware_at,
    told.url,
    time_basis,
    event IS NULL AS redacted
FROM said
