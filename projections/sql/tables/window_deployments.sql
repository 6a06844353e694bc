-- The production deployments of each window and group, one row each (R1, R4, R13).
SELECT
    w.part,
    w.window_from,
    w.window_to,
    CASE p.group_by
        WHEN 'team' THEN coalesce(d.team, '')
        WHEN 'service' THEN d.service
        WHEN 'environment' THEN d.environment
        WHEN 'repository' THEN coalesce(d.repository, '')
        ELSE ''
    END AS group_key,
    d.deployment_key,
    d.deployment,
    d.line,
    d.kind,
    d.counted,
    d.succeeded,
    d.impact_unknown,
    d.attempts_without_impact,
    len(d.remediates_keys) AS remedied,
    epoch(d.finished_at) AS finished_s,
    CAST(timezone(p.tz, d.finished_at) AS DATE) AS local_date,
    CAST(date_trunc('week', timezone(p.tz, d.finished_at)) AS DATE) AS monday,
    d.positions
FROM deployments AS d
CROSS JOIN parameters AS p
INNER JOIN windows AS w ON d.finished_at >= w.window_from AND d.finished_at < w.window_to
WHERE d.tier = 'production' AND d.counts_in_line
    AND (p.service IS NULL OR d.service = p.service)
    AND (p.team IS NULL OR d.team = p.team)
    AND (p.environment IS NULL OR d.environment = p.environment)
    AND (p.repository IS NULL OR d.repository = p.repository)
