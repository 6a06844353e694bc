-- What was said of runs of tests: one row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "kind": "VARCHAR", "suite": "VARCHAR", "tool": "VARCHAR", "tool_version": "VARCHAR",
            "format": "VARCHAR", "counted": "VARCHAR", "results": "VARCHAR",
            "started_at": "VARCHAR", "duration_s": "VARCHAR", "consumer": "VARCHAR",
            "provider": "VARCHAR", "tester": "VARCHAR", "url": "VARCHAR", "counts": "JSON"
        }}').data AS told
    FROM events
    WHERE type = 'pipeledger.tests.finished'
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
    commit,
    artifact,
    release,
    run,
    outcome,
    told.kind,
    told.suite,
    told.tool,
    told.tool_version,
    told.format,
    TRY_CAST(told.counts AS MAP(VARCHAR, BIGINT)) AS counts,
    told.counted,
    told.results,
    TRY_CAST(upper(told.started_at) AS TIMESTAMPTZ) AS started_at,
    TRY_CAST(told.duration_s AS DOUBLE) AS duration_s,
    told.consumer,
    told.provider,
    told.tester,
    told.url,
    time_basis,
    event IS NULL AS redacted
FROM said
