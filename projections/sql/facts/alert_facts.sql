-- What was said of alerts and threats: one row an event. An alert is no incident (R12).
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "fingerprint": "VARCHAR", "rule": "VARCHAR", "priority": "VARCHAR",
            "severity": "VARCHAR", "target": "VARCHAR", "tool": "VARCHAR",
            "started_at": "VARCHAR", "ended_at": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type IN (
        'pipeledger.alert.fired', 'pipeledger.alert.resolved', 'pipeledger.threat.detected'
    )
)

SELECT
    position,
    recorded_at,
    occurred_at,
    replace(type, 'pipeledger.', '') AS what,
    assurance,
    principal,
    credential,
    source,
    told.fingerprint,
    service,
    environment,
    repository,
    told.rule,
    told.priority,
    told.severity,
    told.target,
    told.tool,
    TRY_CAST(upper(told.started_at) AS TIMESTAMPTZ) AS started_at,
    TRY_CAST(upper(told.ended_at) AS TIMESTAMPTZ) AS ended_at,
    event IS NULL AS redacted
FROM said
