-- Where findings were seen: one row a finding and scan that shows it. What no document tells a
-- fingerprint of is told by rule and place. A full scan in between that did not show it ended an
-- episode.
WITH shown AS (
    SELECT
        s.scope,
        coalesce(f.fingerprint, concat_ws(' ', f.rule, f.target)) AS fingerprint,
        s.position,
        s.seen_at,
        s.full_scans,
        s.full_before,
        any_value(f.fingerprint_basis) AS fingerprint_basis,
        any_value(coalesce(f.tool, s.tool)) AS tool,
        any_value(f.rule) AS rule,
        any_value(f.target) AS target,
        any_value(f.severity) AS severity,
        any_value(f.package) AS package,
        any_value(f.version) AS version,
        any_value(f.fixed) AS fixed,
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
