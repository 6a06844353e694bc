-- Where findings were seen: one row a finding and scan that shows it. What no document tells a
-- fingerprint of is told by rule and place; of what one document tells more than once the first
-- place is told, and the gravest severity. A full scan in between that did not show it ended an
-- episode.
WITH shown AS (
    SELECT
        s.scope,
        coalesce(f.fingerprint, concat_ws(' ', f.rule, f.target)) AS fingerprint,
        s.position,
        s.seen_at,
        s.full_scans,
        s.full_before,
        arg_min(f.fingerprint_basis, f.line) AS fingerprint_basis,
        arg_min(coalesce(f.tool, s.tool), f.line) AS tool,
        arg_min(f.rule, f.line) AS rule,
        arg_min(f.target, f.line) AS target,
        arg_min(f.severity, list_position(
            ['critical', 'high', 'medium', 'low', 'info', 'unknown'], f.severity
        )) AS severity,
        arg_min(f.package, f.line) AS package,
        arg_min(f.version, f.line) AS version,
        arg_min(f.fixed, f.line) AS fixed,
        bool_and(f.suppressed) AS suppressed
    FROM finding_facts AS f
    INNER JOIN finding_scans AS s USING (position)
    WHERE NOT f.redacted
    GROUP BY ALL
)

SELECT
    *,
    sum(CASE WHEN begins THEN 1 ELSE 0 END) OVER (
        PARTITION BY scope, fingerprint ORDER BY seen_at, position ROWS UNBOUNDED PRECEDING
    ) AS episode
FROM (
    SELECT
        *,
        coalesce(
            full_before > lag(full_scans) OVER (
                PARTITION BY scope, fingerprint ORDER BY seen_at, position
            ),
            TRUE
        ) AS begins
    FROM shown
)
