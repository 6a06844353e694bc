-- What was said of the protection of branches: one row an event.
SELECT
    position,
    recorded_at,
    occurred_at,
    assurance,
    principal,
    source,
    repository,
    actor,
    event ->> '$.data.ref' AS ref,
    event ->> '$.data.rule' AS rule,
    event ->> '$.data.action' AS action,
    TRY_CAST(event ->> '$.data.weakened' AS BOOLEAN) AS weakened,
    TRY_CAST(event ->> '$.data.required_approvals' AS BIGINT) AS required_approvals,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type = 'pipeledger.protection.changed'
