-- What keeps a window from being whole: deployments in environments of unknown tier (R1), and those
-- whose changes cannot be told (R6).
SELECT
    w.part,
    w.window_from,
    w.window_to,
    'unknown tier' AS gap,
    d.environment AS name,
    count(*) AS deployments
FROM deployments AS d
INNER JOIN windows AS w ON d.finished_at >= w.window_from AND d.finished_at < w.window_to
WHERE d.tier IS NULL
GROUP BY ALL
UNION ALL
SELECT
    d.part,
    d.window_from,
    d.window_to,
    'unresolved changes' AS gap,
    d.group_key AS name,
    count(*) AS deployments
FROM unresolved_deployments AS u
INNER JOIN window_deployments AS d USING (deployment_key)
GROUP BY ALL
