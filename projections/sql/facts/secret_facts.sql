-- What was said of secrets: one row an event. Their values are nowhere.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "policies": ["VARCHAR"], "system": "VARCHAR", "path": "VARCHAR",
            "accessor": "VARCHAR", "workload": "VARCHAR", "engine": "VARCHAR",
            "operation": "VARCHAR", "lease": "VARCHAR", "lease_s": "VARCHAR",
            "request": "VARCHAR", "version": "VARCHAR", "expires": "VARCHAR",
            "suspected_compromise": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type IN (
        'pipeledger.secret.accessed', 'pipeledger.secret.created', 'pipeledger.secret.rotated',
        'pipeledger.secret.revoked'
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
    coalesce(told.system, source) || ' ' || told.path AS secret_key,
    told.system,
    told.path,
    service,
    environment,
    repository,
    run,
    ticket,
    actor,
    told.accessor,
    told.workload,
    outcome,
    told.engine,
    told.operation,
    told.lease,
    TRY_CAST(told.lease_s AS DOUBLE) AS lease_s,
    told.policies,
    told.request,
    TRY_CAST(told.version AS BIGINT) AS version,
    TRY_CAST(upper(told.expires) AS TIMESTAMPTZ) AS expires,
    TRY_CAST(told.suspected_compromise AS BOOLEAN) AS suspected_compromise,
    time_basis,
    event IS NULL AS redacted
FROM said
