-- What was said of scans: one row an event. `counts` are by the tool's own words, of what `counted`
-- says; what was found stands in the findings document of digest `findings`.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "kind": "VARCHAR", "tool": "VARCHAR", "tool_version": "VARCHAR", "format": "VARCHAR",
            "target": "VARCHAR", "image_id": "VARCHAR", "extent": "VARCHAR",
            "benchmark": "VARCHAR", "profile": "VARCHAR", "counted": "VARCHAR",
            "passed": "VARCHAR", "suppressed": "VARCHAR", "errors": "VARCHAR",
            "findings": "VARCHAR", "findings_count": "VARCHAR", "database_date": "VARCHAR",
            "started_at": "VARCHAR", "duration_s": "VARCHAR", "ref": "VARCHAR",
            "change": "VARCHAR", "url": "VARCHAR", "counts": "JSON", "thresholds": "JSON"
        }}').data AS told
    FROM events
    WHERE type = 'pipeledger.scan.finished'
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
    told.tool,
    told.tool_version,
    told.format,
    told.target,
    told.image_id,
    told.extent,
    told.benchmark,
    told.profile,
    TRY_CAST(told.counts AS MAP(VARCHAR, BIGINT)) AS counts,
    told.counted,
    TRY_CAST(told.passed AS BIGINT) AS passed,
    TRY_CAST(told.suppressed AS BIGINT) AS suppressed,
    TRY_CAST(told.errors AS BIGINT) AS errors,
    TRY_CAST(told.thresholds AS MAP(VARCHAR, BOOLEAN)) AS thresholds,
    told.findings,
    TRY_CAST(told.findings_count AS BIGINT) AS findings_count,
    TRY_CAST(upper(told.database_date) AS TIMESTAMPTZ) AS database_date,
    TRY_CAST(upper(told.started_at) AS TIMESTAMPTZ) AS started_at,
    TRY_CAST(told.duration_s AS DOUBLE) AS duration_s,
    told.ref,
    told.change,
    told.url,
    time_basis,
    event IS NULL AS redacted
FROM said
