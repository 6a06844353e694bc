-- What was said of comparisons of the ledger with a source: one row an event. What is `unexplained`
-- is at least what either side lacks and nobody accounted for.
SELECT
    position,
    recorded_at,
    occurred_at,
    assurance,
    principal,
    source,
    service,
    environment,
    repository,
    event ->> '$.data.system' AS system,
    TRY_CAST(upper(event ->> '$.data.since') AS TIMESTAMPTZ) AS since,
    TRY_CAST(upper(event ->> '$.data.until') AS TIMESTAMPTZ) AS until,
    TRY_CAST(event ->> '$.data.population' AS BIGINT) AS population,
    TRY_CAST(event ->> '$.data.matched' AS BIGINT) AS matched,
    TRY_CAST(event ->> '$.data.explained' AS BIGINT) AS explained,
    greatest(
        TRY_CAST(event ->> '$.data.unexplained' AS BIGINT),
        TRY_CAST(event ->> '$.data.missing_in_ledger' AS BIGINT)
        + TRY_CAST(event ->> '$.data.missing_in_source' AS BIGINT)
        - coalesce(TRY_CAST(event ->> '$.data.explained' AS BIGINT), 0)
    ) AS unexplained,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type = 'pipeledger.reconciliation.finished'
