-- What was said of infrastructure as code and of configuration changed outside a deployment: one
-- row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "tool": "VARCHAR", "workspace": "VARCHAR", "plan": "VARCHAR", "adds": "VARCHAR",
            "changes": "VARCHAR", "destroys": "VARCHAR", "drift": "VARCHAR",
            "resource": "VARCHAR", "url": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type IN (
        'pipeledger.infrastructure.planned', 'pipeledger.infrastructure.applied',
        'pipeledger.config.changed'
    )
)

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
    told.tool,
    told.workspace,
    told.plan,
    TRY_CAST(told.adds AS BIGINT) AS adds,
    TRY_CAST(told.changes AS BIGINT) AS changes,
    TRY_CAST(told.destroys AS BIGINT) AS destroys,
    TRY_CAST(told.drift AS BIGINT) AS drift,
    told.resource,
    told.url,
    time_basis,
    event IS NULL AS redacted
FROM said
