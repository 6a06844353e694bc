-- The groups that have a row in every window, also where nothing happened (examples F).
WITH found AS (
    SELECT group_key FROM window_deployments
    UNION
    SELECT group_key FROM window_incidents
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
