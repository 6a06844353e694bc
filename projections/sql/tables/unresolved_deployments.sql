-- R6: succeeded production deployments whose changes cannot be told: nobody says what they
-- deployed, or it is no commit that is known here. A line's first one is its baseline and is not
-- listed.
WITH candidates AS (
    SELECT
        d.deployment_key,
        d.line,
        d.service,
        d.environment,
        d.team,
        d.repository,
        d.finished_at,
        d.positions,
        row_number() OVER (PARTITION BY d.line ORDER BY d.finished_at, d.last_position) AS nth
    FROM deployments AS d
    WHERE d.succeeded AND d.counts_in_line AND d.tier = 'production'
        AND d.kind IN ('planned', 'hotfix')
),

resolved AS (
    SELECT DISTINCT deployment_key FROM deployment_commits WHERE is_known
)

SELECT c.* EXCLUDE (nth)
FROM candidates AS c
ANTI JOIN resolved AS r USING (deployment_key)
WHERE c.nth > 1
