-- What was said of telling authorities and people of a breach: one row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "incident": "VARCHAR", "authority": "VARCHAR", "aware_at": "VARCHAR",
            "notified_at": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type = 'pipeledger.breach.notified'
)

SELECT
    position,
    recorded_at,
    occurred_at,
    assurance,
    principal,
    source,
    told.incident,
    service,
    environment,
    actor,
    told.authority,
    TRY_CAST(upper(told.aware_at) AS TIMESTAMPTZ) AS aware_at,
    TRY_CAST(upper(told.notified_at) AS TIMESTAMPTZ) AS notified_at,
    time_basis,
    event IS NULL AS redacted
FROM said
