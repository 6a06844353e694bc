-- What the ledger says of itself: credentials, witnesses, clocks, sources. One row an event.
SELECT
    position,
    recorded_at,
    occurred_at,
    replace(type, 'pipeledger.', '') AS what,
    assurance,
    principal,
    outcome,
    event ->> '$.data.name' AS name,
    TRY_CAST(event ->> '$.data.delivered' AS BIGINT) AS delivered,
    TRY_CAST(upper(event ->> '$.data.since') AS TIMESTAMPTZ) AS since,
    TRY_CAST(upper(event ->> '$.data.until') AS TIMESTAMPTZ) AS until,
    TRY_CAST(event ->> '$.data.missing' AS BIGINT) AS missing,
    -- Whether anybody wrote why; what they wrote is sealed.
    list_contains(string_split(event ->> '$.pipeledgertexts', ' '), 'explanation')
    OR trim(event ->> '$.data.explanation') <> '' AS is_explained,
    event ->> '$.data.credential' AS credential,
    event ->> '$.data.principal' AS holder,
    event ->> '$.data.role' AS role,
    TRY_CAST(upper(event ->> '$.data.expires') AS TIMESTAMPTZ) AS expires,
    TRY_CAST(upper(event ->> '$.data.compromised_at') AS TIMESTAMPTZ) AS compromised_at,
    event ->> '$.data.replaced_by' AS replaced_by,
    TRY_CAST(event ->> '$.data.size' AS BIGINT) AS size,
    event ->> '$.data.witness' AS witness,
    TRY_CAST(event ->> '$.data.offset_s' AS DOUBLE) AS offset_s,
    event ->> '$.data.reference' AS reference,
    event ->> '$.data.second' AS second,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type IN (
    'pipeledger.source.heartbeat', 'pipeledger.source.gap', 'pipeledger.key.enrolled',
    'pipeledger.key.rotated', 'pipeledger.key.revoked', 'pipeledger.token.issued',
    'pipeledger.token.revoked', 'pipeledger.checkpoint.witnessed', 'pipeledger.clock.checked'
)
