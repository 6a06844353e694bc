-- What was said of quality gates and of the coverage of tests: one row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "tool": "VARCHAR", "gate": "VARCHAR", "target": "VARCHAR",
            "lines_covered": "VARCHAR", "lines_valid": "VARCHAR", "percent": "VARCHAR",
            "url": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type IN ('pipeledger.quality.evaluated', 'pipeledger.coverage.measured')
)

SELECT
    position,
    recorded_at,
    occurred_at,
    replace(type, 'pipeledger.', '') AS what,
    assurance,
    principal,
    source,
    service,
    environment,
    repository,
    commit,
    artifact,
    release,
    run,
    outcome,
    told.tool,
    told.gate,
    told.target,
    TRY_CAST(told.lines_covered AS BIGINT) AS lines_covered,
    TRY_CAST(told.lines_valid AS BIGINT) AS lines_valid,
    TRY_CAST(told.percent AS DOUBLE) AS percent,
    told.url,
    time_basis,
    event IS NULL AS redacted
FROM said
