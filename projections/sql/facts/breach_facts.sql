-- What was said of telling authorities and people of a breach: one row an event.
SELECT
    position,
    recorded_at,
    occurred_at,
    assurance,
    principal,
    source,
    event ->> '$.data.incident' AS incident,
    service,
    environment,
    actor,
    event ->> '$.data.authority' AS authority,
    TRY_CAST(upper(event ->> '$.data.aware_at') AS TIMESTAMPTZ) AS aware_at,
    TRY_CAST(upper(event ->> '$.data.notified_at') AS TIMESTAMPTZ) AS notified_at,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type = 'pipeledger.breach.notified'
