-- What was said of secrets: one row an event. Their values are nowhere.
SELECT
    position,
    recorded_at,
    occurred_at,
    split_part(type, '.', 3) AS what,
    assurance,
    principal,
    source,
    coalesce(event ->> '$.data.system', source) || ' ' || (event ->> '$.data.path') AS secret_key,
    event ->> '$.data.system' AS system,
    event ->> '$.data.path' AS path,
    service,
    environment,
    repository,
    run,
    ticket,
    actor,
    event ->> '$.data.accessor' AS accessor,
    event ->> '$.data.workload' AS workload,
    outcome,
    event ->> '$.data.engine' AS engine,
    event ->> '$.data.operation' AS operation,
    event ->> '$.data.lease' AS lease,
    TRY_CAST(event ->> '$.data.lease_s' AS DOUBLE) AS lease_s,
    from_json(event -> '$.data.policies', '["VARCHAR"]') AS policies,
    event ->> '$.data.request' AS request,
    TRY_CAST(event ->> '$.data.version' AS BIGINT) AS version,
    TRY_CAST(upper(event ->> '$.data.expires') AS TIMESTAMPTZ) AS expires,
    TRY_CAST(event ->> '$.data.suspected_compromise' AS BOOLEAN) AS suspected_compromise,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type IN (
    'pipeledger.secret.accessed', 'pipeledger.secret.created', 'pipeledger.secret.rotated',
    'pipeledger.secret.revoked'
)
