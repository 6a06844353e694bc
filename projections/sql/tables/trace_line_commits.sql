-- The successes of the lines of asked deployments, up to the last of these, for the walk that tells
-- what each was the first to bring.
WITH asked AS (
    SELECT d.line, max(d.finished_at) AS finished_at
    FROM deployments AS d
    INNER JOIN trace_origins AS o ON o.kind = 'deployment' AND o.value = d.deployment_key
    GROUP BY d.line
)

SELECT c.*
FROM deployed_commits AS c
INNER JOIN asked AS a ON c.line = a.line AND c.finished_at <= a.finished_at
ORDER BY c.finished_at, c.last_position, c.is_listed DESC, c.commit, c.repository
