-- What scanners found: one row a finding, as its scan's findings document lists it. A document that
-- was redacted is one row that says so.
WITH lines AS (
    SELECT
        position,
        line,
        text IS NULL AS redacted,
        TRY_CAST(text AS JSON) AS told
    FROM documents
    WHERE part = 'findings' AND coalesce(text, ' ') <> ''
)

SELECT
    position,
    line,
    told ->> '$.tool' AS tool,
    told ->> '$.rule' AS rule,
    told ->> '$.fingerprint' AS fingerprint,
    told ->> '$.fingerprint_basis' AS fingerprint_basis,
    told ->> '$.target' AS target,
    TRY_CAST(told ->> '$.line' AS BIGINT) AS target_line,
    told ->> '$.severity' AS severity,
    told ->> '$.kind' AS kind,
    told ->> '$.status' AS status,
    told ->> '$.package' AS package,
    told ->> '$.version' AS version,
    told ->> '$.fixed' AS fixed,
    coalesce(TRY_CAST(told ->> '$.suppressed' AS BOOLEAN), FALSE) AS suppressed,
    redacted
FROM lines
