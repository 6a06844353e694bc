-- R6: succeeded production deployments whose changes cannot be told, or not all of them: nobody
-- says what they deployed, or commits of theirs are not known here. A line's first one is its
-- baseline and is not listed.
WITH candidates AS (
    SELECT
        deployment_key,
        line,
        row_number() OVER (PARTITION BY line ORDER BY finished_at, last_position) AS nth,
        kind
    FROM deployments
    WHERE succeeded AND counts_in_line AND tier = 'production'
),

resolved AS (
    SELECT DISTINCT deployment_key FROM deployment_commits WHERE is_known
),

unknown AS (
    SELECT deployment_key, count(*) AS commits
    FROM credited_commits
    WHERE commit NOT IN (SELECT commit FROM commits)
    GROUP BY deployment_key
)

SELECT
    c.deployment_key,
    coalesce(u.commits, 0) AS unknown_commits,
    r.deployment_key IS NULL AS is_unresolved
FROM candidates AS c
LEFT JOIN resolved AS r USING (deployment_key)
LEFT JOIN unknown AS u USING (deployment_key)
WHERE (r.deployment_key IS NULL AND c.nth > 1 AND c.kind IN ('planned', 'hotfix'))
    OR u.commits IS NOT NULL
