-- What keeps a window from being whole, and what it leaves out: one row a gap and name.
WITH deployments_in AS (
    SELECT w.part, w.window_from, w.window_to, d.*
    FROM chosen_deployments AS d
    INNER JOIN windows AS w ON d.finished_at >= w.window_from AND d.finished_at < w.window_to
    -- A series says it once.
    WHERE w.part <> 'step'
),

gaps AS (
    -- R1: whether these are production, nobody says.
    SELECT part, window_from, window_to, 'unknown tier' AS gap, environment AS name, 1 AS items
    FROM deployments_in
    WHERE tier IS NULL AND counts_in_line
    UNION ALL
    SELECT w.part, w.window_from, w.window_to, 'incidents of unknown tier', i.environment, 1
    FROM incidents AS i
    CROSS JOIN parameters AS p
    INNER JOIN windows AS w
        ON coalesce(i.ended_at, i.started_at) >= w.window_from
        AND coalesce(i.ended_at, i.started_at) < w.window_to
    WHERE i.tier IS NULL AND i.environment IS NOT NULL AND w.part <> 'step'
        AND (p.service IS NULL OR list_contains(i.services, p.service))
        AND (p.team IS NULL OR list_contains(i.teams, p.team))
        AND (p.environment IS NULL OR i.environment = p.environment)
        AND (p.repository IS NULL OR list_contains(i.repositories, p.repository))
    UNION ALL
    -- R2a: another source than the line's tells of a deployment that the line's does not tell.
    SELECT d.part, d.window_from, d.window_to, 'unmatched report', d.source, 1
    FROM deployments_in AS d
    INNER JOIN corroborations AS c USING (deployment_key)
    WHERE c.is_difference AND d.tier = 'production'
    UNION ALL
    -- R6: what was deployed cannot be told.
    SELECT d.part, d.window_from, d.window_to, 'unresolved changes', d.line, 1
    FROM deployments_in AS d
    INNER JOIN unresolved_deployments AS u USING (deployment_key)
    WHERE u.is_unresolved
    UNION ALL
    SELECT d.part, d.window_from, d.window_to, 'unknown commits', d.line, u.unknown_commits
    FROM deployments_in AS d
    INNER JOIN unresolved_deployments AS u USING (deployment_key)
    WHERE u.unknown_commits > 0
    UNION ALL
    SELECT part, window_from, window_to, 'commits without a time', line, 1
    FROM window_lead_times
    WHERE lead_s IS NULL AND part <> 'step'
    UNION ALL
    -- R8 F2: an incident names a deployment that is not here, or that may be several.
    SELECT w.part, w.window_from, w.window_to, 'cause not found', i.caused_by, 1
    FROM (SELECT DISTINCT incident_key, caused_by, started_at FROM chosen_incidents) AS i
    INNER JOIN incident_links AS l USING (incident_key)
    INNER JOIN windows AS w ON i.started_at >= w.window_from AND i.started_at < w.window_to
    WHERE l.deployment_key IS NULL AND w.part <> 'step'
    UNION ALL
    -- R14: what was voided stays listed.
    SELECT w.part, w.window_from, w.window_to, 'voided', v.family, 1
    FROM voided_facts AS v
    INNER JOIN windows AS w ON v.occurred_at >= w.window_from AND v.occurred_at < w.window_to
    WHERE w.part <> 'step'
    UNION ALL
    -- Nobody can tell any more when these were.
    SELECT w.part, w.window_from, w.window_to, 'redacted', r.family, 1
    FROM redacted_facts AS r
    CROSS JOIN windows AS w
    WHERE w.part = 'window'
)

SELECT part, window_from, window_to, gap, name, CAST(sum(items) AS BIGINT) AS items
FROM gaps
GROUP BY part, window_from, window_to, gap, name
