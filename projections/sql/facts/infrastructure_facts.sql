-- What was said of infrastructure as code and of configuration changed outside a deployment: one
-- row an event.
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
    commit,
    run,
    actor,
    ticket,
    outcome,
    event ->> '$.data.tool' AS tool,
    event ->> '$.data.workspace' AS workspace,
    event ->> '$.data.plan' AS plan,
    TRY_CAST(event ->> '$.data.adds' AS BIGINT) AS adds,
    TRY_CAST(event ->> '$.data.changes' AS BIGINT) AS changes,
    TRY_CAST(event ->> '$.data.destroys' AS BIGINT) AS destroys,
    TRY_CAST(event ->> '$.data.drift' AS BIGINT) AS drift,
    event ->> '$.data.resource' AS resource,
    event ->> '$.data.url' AS url,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type IN (
    'pipeledger.infrastructure.planned', 'pipeledger.infrastructure.applied',
    'pipeledger.config.changed'
)
