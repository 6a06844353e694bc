-- Deployments with the tier of their environment and whether their source is that of their line
-- (R1, R2a). `counts_in_line` is false for what another source reports of the same line.
WITH sourced AS (
    SELECT
        d.deployment_key,
        arg_max(
            l.named_source, l.named_position
        ) FILTER (
            WHERE d.finished_at >= l.named_from AND d.finished_at < l.named_until
        ) AS named_source,
        any_value(l.first_source) AS first_source,
        any_value(l.imported_source) AS imported_source,
        min(l.imported_until) AS imported_until
    FROM deployment_totals AS d
    INNER JOIN line_sources AS l USING (line)
    GROUP BY d.deployment_key
)

SELECT
    d.*,
    e.tier,
    e.basis AS tier_basis,
    e.position AS tier_position,
    v.team,
    CASE
        WHEN s.named_source IS NOT NULL THEN d.source = s.named_source
        WHEN d.imported
            THEN d.source = s.imported_source AND d.finished_at < s.imported_until
        ELSE d.source = s.first_source
    END AS counts_in_line,
    coalesce(s.named_source, s.first_source, s.imported_source) AS line_source
FROM deployment_totals AS d
INNER JOIN sourced AS s USING (deployment_key)
LEFT JOIN environments AS e
    ON d.environment = e.environment
    AND d.finished_at >= e.effective_from AND d.finished_at < e.effective_until
LEFT JOIN service_registrations AS v
    ON d.service = v.service
    AND d.finished_at >= v.effective_from AND d.finished_at < v.effective_until
