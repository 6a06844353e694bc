-- What was said of alerts and threats: one row an event. An alert is no incident (R12).
SELECT
    position,
    recorded_at,
    occurred_at,
    replace(type, 'pipeledger.', '') AS what,
    assurance,
    principal,
    credential,
    source,
    event ->> '$.data.fingerprint' AS fingerprint,
    service,
    environment,
    repository,
    event ->> '$.data.rule' AS rule,
    event ->> '$.data.priority' AS priority,
    event ->> '$.data.severity' AS severity,
    event ->> '$.data.target' AS target,
    event ->> '$.data.tool' AS tool,
    TRY_CAST(upper(event ->> '$.data.started_at') AS TIMESTAMPTZ) AS started_at,
    TRY_CAST(upper(event ->> '$.data.ended_at') AS TIMESTAMPTZ) AS ended_at,
    event IS NULL AS redacted
FROM events
WHERE type IN (
    'pipeledger.alert.fired', 'pipeledger.alert.resolved', 'pipeledger.threat.detected'
)
