-- R5, deployment frequency: of S, the counted deployments that succeeded.
WITH s AS (
    SELECT * FROM window_deployments WHERE counted AND succeeded
),

totals AS (
    SELECT
        part, window_from, window_to, group_key,
        count(*) AS deployments,
        count(CASE WHEN kind = 'planned' THEN 1 END) AS planned,
        count(CASE WHEN kind = 'hotfix' THEN 1 END) AS hotfixes,
        count(CASE WHEN kind = 'rollback' THEN 1 END) AS rollbacks,
        count(CASE WHEN kind = 'redeploy' THEN 1 END) AS redeploys,
        count(DISTINCT local_date) AS deployment_days
    FROM s
    GROUP BY part, window_from, window_to, group_key
),

-- The time between two deployments of one line, within the window.
spaced AS (
    SELECT
        part, window_from, window_to, group_key,
        finished_s - lag(finished_s) OVER (
            PARTITION BY part, window_from, group_key, line ORDER BY finished_s
        ) AS gap_s
    FROM s
),

gaps AS (
    SELECT
        part, window_from, window_to, group_key,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY gap_s) AS median_gap_s
    FROM spaced
    GROUP BY part, window_from, window_to, group_key
),

-- Weeks without a deployment are weeks with zero days.
days AS (
    SELECT
        g.part, g.window_from, g.window_to, g.group_key, k.monday,
        count(DISTINCT s.local_date) AS days
    FROM window_groups AS g
    INNER JOIN window_weeks AS k USING (part, window_from)
    LEFT JOIN s USING (part, window_from, group_key, monday)
    GROUP BY g.part, g.window_from, g.window_to, g.group_key, k.monday
),

weekly AS (
    SELECT
        part, window_from, window_to, group_key,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY days) AS median_days_per_week
    FROM days
    GROUP BY part, window_from, window_to, group_key
)

SELECT
    g.part, g.window_from, g.window_to, g.group_key,
    coalesce(t.deployments, 0) AS deployments,
    coalesce(t.deployments, 0) / ((g.to_s - g.from_s) / 86400.0) AS deployments_per_day,
    coalesce(t.planned, 0) AS planned,
    coalesce(t.hotfixes, 0) AS hotfixes,
    coalesce(t.rollbacks, 0) AS rollbacks,
    coalesce(t.redeploys, 0) AS redeploys,
    coalesce(t.deployment_days, 0) AS deployment_days,
    w.median_days_per_week,
    p.median_gap_s
FROM window_groups AS g
LEFT JOIN totals AS t USING (part, window_from, group_key)
LEFT JOIN gaps AS p USING (part, window_from, group_key)
LEFT JOIN weekly AS w USING (part, window_from, group_key)
