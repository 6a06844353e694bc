-- What an asked deployment was the first of its line to bring (R6): the commits that it lists, else
-- those of its history that no earlier success of the line has. The first success of a line is its
-- baseline: what it brought is not known.
WITH baselines AS (
    SELECT line, arg_min(deployment_key, (finished_at, last_position)) AS deployment_key
    FROM trace_line_commits
    GROUP BY line
)

SELECT h.deployment_key, h.commit
FROM trace_history AS h
INNER JOIN trace_origins AS o ON o.kind = 'deployment' AND o.value = h.deployment_key
LEFT JOIN baselines AS b USING (deployment_key)
WHERE b.deployment_key IS NULL OR h.is_listed
