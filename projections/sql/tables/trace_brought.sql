-- What an asked deployment was the first of its line to bring (R6): the commits that it lists, else
-- those of its history that no earlier success of the line has. The first success of a line and
-- repository that lists none is its baseline: what it brought is not known.
WITH listing AS (
    SELECT DISTINCT deployment_key, repository, has_list FROM trace_line_commits
),

baselines AS (
    SELECT
        line,
        repository,
        arg_min(deployment_key, (finished_at, last_position)) AS deployment_key
    FROM trace_line_commits
    GROUP BY line, repository
)

SELECT h.deployment_key, h.commit
FROM trace_history AS h
INNER JOIN trace_origins AS o ON o.kind = 'deployment' AND o.value = h.deployment_key
INNER JOIN listing AS l USING (deployment_key, repository)
INNER JOIN baselines AS b ON h.line = b.line AND h.repository = b.repository
WHERE CASE WHEN l.has_list THEN h.is_listed ELSE b.deployment_key <> h.deployment_key END
