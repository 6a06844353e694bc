-- What was said of the protection of branches: one row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "ref": "VARCHAR", "rule": "VARCHAR", "action": "VARCHAR", "weakened": "VARCHAR",
            "required_approvals": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type = 'pipeledger.protection.changed'
)

SELECT
    position,
    recorded_at,
    occurred_at,
    assurance,
    principal,
    source,
    repository,
    actor,
    told.ref,
    told.rule,
    told.action,
    TRY_CAST(told.weakened AS BOOLEAN) AS weakened,
    TRY_CAST(told.required_approvals AS BIGINT) AS required_approvals,
    time_basis,
    event IS NULL AS redacted
FROM said
