-- The groups that have a row in every window, also where nothing happened (examples F).
WITH found AS (
    SELECT group_key FROM window_deployments
    UNION
    SELECT group_key FROM window_lead_times
    UNION
    SELECT group_key FROM chosen_incidents
    WHERE coalesce(started_at, ended_at) < (SELECT max(window_to) FROM windows)
        AND (ended_at IS NULL OR ended_at >= (SELECT min(window_from) FROM windows))
    UNION
    SELECT '' FROM parameters WHERE group_by = 'none'
)

SELECT
    w.part,
    w.window_from,
    w.window_to,
    w.from_s,
    w.to_s,
    f.group_key
FROM windows AS w
CROSS JOIN found AS f
