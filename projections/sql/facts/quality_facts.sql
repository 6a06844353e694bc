-- What was said of quality gates and of the coverage of tests: one row an event.
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
    event ->> '$.data.tool' AS tool,
    event ->> '$.data.gate' AS gate,
    event ->> '$.data.target' AS target,
    TRY_CAST(event ->> '$.data.lines_covered' AS BIGINT) AS lines_covered,
    TRY_CAST(event ->> '$.data.lines_valid' AS BIGINT) AS lines_valid,
    TRY_CAST(event ->> '$.data.percent' AS DOUBLE) AS percent,
    event ->> '$.data.url' AS url,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type IN ('pipeledger.quality.evaluated', 'pipeledger.coverage.measured')
