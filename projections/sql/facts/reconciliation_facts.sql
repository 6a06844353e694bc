-- What was said of comparisons of the ledger with a source: one row an event. What is `unexplained`
-- is at least what either side lacks and nobody accounted for.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "system": "VARCHAR", "since": "VARCHAR", "until": "VARCHAR", "population": "VARCHAR",
            "matched": "VARCHAR", "explained": "VARCHAR", "unexplained": "VARCHAR",
            "missing_in_ledger": "VARCHAR", "missing_in_source": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type = 'pipeledger.reconciliation.finished'
)

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
    told.system,
    TRY_CAST(upper(told.since) AS TIMESTAMPTZ) AS since,
    TRY_CAST(upper(told.until) AS TIMESTAMPTZ) AS until,
    TRY_CAST(told.population AS BIGINT) AS population,
    TRY_CAST(told.matched AS BIGINT) AS matched,
    TRY_CAST(told.explained AS BIGINT) AS explained,
    greatest(
        TRY_CAST(told.unexplained AS BIGINT),
        TRY_CAST(told.missing_in_ledger AS BIGINT)
        + TRY_CAST(told.missing_in_source AS BIGINT)
        - coalesce(TRY_CAST(told.explained AS BIGINT), 0)
    ) AS unexplained,
    time_basis,
    event IS NULL AS redacted
FROM said
