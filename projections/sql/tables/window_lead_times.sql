-- The changes of each window and group, by the deployment that they are credited to (R6, R13); the
-- repository is that of the change.
SELECT
    w.part,
    w.window_from,
    w.window_to,
    CASE p.group_by
        WHEN 'team' THEN coalesce(l.team, '')
        WHEN 'service' THEN l.service
        WHEN 'environment' THEN l.environment
        WHEN 'repository' THEN coalesce(l.repository, '')
        ELSE ''
    END AS group_key,
    l.deployment_key,
    l.line,
    l.commit,
    l.lead_s,
    l.is_anomaly,
    l.path_filter,
    l.positions
FROM lead_times AS l
CROSS JOIN parameters AS p
INNER JOIN windows AS w ON l.finished_at >= w.window_from AND l.finished_at < w.window_to
WHERE l.finished_at >= asked_from() AND l.finished_at < asked_until()
    AND (p.service IS NULL OR l.service = p.service)
    AND (p.team IS NULL OR l.team = p.team)
    AND (p.environment IS NULL OR l.environment = p.environment)
    AND (p.repository IS NULL OR l.repository = p.repository)
