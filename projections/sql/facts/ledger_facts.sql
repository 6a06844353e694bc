-- What the ledger says of itself: credentials, witnesses, clocks, sources. One row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "name": "VARCHAR", "delivered": "VARCHAR", "since": "VARCHAR", "until": "VARCHAR",
            "missing": "VARCHAR", "credential": "VARCHAR",
            "principal": "VARCHAR", "role": "VARCHAR", "expires": "VARCHAR",
            "compromised_from": "VARCHAR", "replaced_by": "VARCHAR", "size": "VARCHAR",
            "witness": "VARCHAR", "offset_s": "VARCHAR", "reference": "VARCHAR",
            "second": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type IN (
        'pipeledger.source.heartbeat', 'pipeledger.source.gap', 'pipeledger.key.enrolled',
        'pipeledger.key.rotated', 'pipeledger.key.revoked', 'pipeledger.token.issued',
        'pipeledger.token.revoked', 'pipeledger.checkpoint.witnessed', 'pipeledger.clock.checked'
    )
)

SELECT
    position,
    recorded_at,
    occurred_at,
    replace(type, 'pipeledger.', '') AS what,
    assurance,
    principal,
    outcome,
    told.name,
    TRY_CAST(told.delivered AS BIGINT) AS delivered,
    TRY_CAST(upper(told.since) AS TIMESTAMPTZ) AS since,
    TRY_CAST(upper(told.until) AS TIMESTAMPTZ) AS until,
    TRY_CAST(told.missing AS BIGINT) AS missing,
    told.credential,
    told.principal AS holder,
    told.role,
    TRY_CAST(upper(told.expires) AS TIMESTAMPTZ) AS expires,
    TRY_CAST(told.compromised_from AS BIGINT) AS compromised_from,
    told.replaced_by,
    TRY_CAST(told.size AS BIGINT) AS size,
    told.witness,
    TRY_CAST(told.offset_s AS DOUBLE) AS offset_s,
    told.reference,
    told.second,
    time_basis,
    event IS NULL AS redacted
FROM said
