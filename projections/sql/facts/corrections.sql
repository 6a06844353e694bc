-- What was said to correct what had been said: one row an event.
SELECT
    position,
    recorded_at,
    type,
    principal,
    CASE WHEN type = 'pipeledger.event.voided'
         THEN TRY_CAST(event ->> '$.data.position' AS BIGINT) END AS voided,
    CASE WHEN type = 'pipeledger.part.redacted'
         THEN TRY_CAST(event ->> '$.data.position' AS BIGINT) END AS redacted,
    event ->> '$.data.second' AS second
FROM events
WHERE type IN ('pipeledger.event.voided', 'pipeledger.part.redacted')
