-- The production deployments of each window and group, one row each (R1, R4, R13). One of several
-- repositories stands in the group of each, or of the one that is asked for, and once where nothing
-- is grouped by them.
WITH grouped AS (
    SELECT
        d.*,
        p.tz,
        unnest(CASE p.group_by
            WHEN 'team' THEN [coalesce(d.team, '')]
            WHEN 'service' THEN [d.service]
            WHEN 'environment' THEN [d.environment]
            WHEN 'repository' THEN
                CASE
                    WHEN p.repository IS NOT NULL THEN [p.repository]
                    WHEN len(d.repositories) > 0 THEN d.repositories
                    ELSE ['']
                END
            ELSE ['']
        END) AS group_key
    FROM chosen_deployments AS d
    CROSS JOIN parameters AS p
    WHERE d.tier = 'production' AND d.counts_in_line
)

SELECT
    w.part,
    w.window_from,
    w.window_to,
    g.group_key,
    g.deployment_key,
    g.line,
    g.kind,
    g.counted,
    g.succeeded,
    g.impact_unknown,
    g.attempts_without_impact,
    len(g.remediates_keys) AS remedied,
    epoch(g.finished_at) AS finished_s,
    CAST(timezone(g.tz, g.finished_at) AS DATE) AS local_date,
    CAST(date_trunc('week', timezone(g.tz, g.finished_at)) AS DATE) AS monday,
    g.last_position,
    g.positions
FROM grouped AS g
INNER JOIN windows AS w ON g.finished_at >= w.window_from AND g.finished_at < w.window_to
