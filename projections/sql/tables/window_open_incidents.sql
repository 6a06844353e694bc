-- R12: how many incidents were open at the end of each window, by group: those begun before it
-- without those ended before it.
WITH moves AS (
    SELECT group_key, started_at AS moved_at, 1 AS opened
    FROM chosen_incidents
    WHERE started_at IS NOT NULL
    UNION ALL
    SELECT group_key, greatest(started_at, ended_at) AS moved_at, -1 AS opened
    FROM chosen_incidents
    WHERE started_at IS NOT NULL AND ended_at IS NOT NULL
),

levels AS (
    SELECT
        group_key,
        moved_at,
        sum(sum(opened)) OVER (PARTITION BY group_key ORDER BY moved_at) AS open
    FROM moves
    GROUP BY group_key, moved_at
)

SELECT
    w.part,
    w.window_from,
    w.window_to,
    w.group_key,
    CAST(l.open AS BIGINT) AS open
FROM window_groups AS w
ASOF JOIN levels AS l ON w.group_key = l.group_key AND w.window_to > l.moved_at
