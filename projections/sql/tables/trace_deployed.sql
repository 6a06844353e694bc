-- What was deployed, in the order in which it finished, for the walk from a commit forward, which
-- comes to nothing but the commits looked for and those that have parents.
SELECT line, deployment_key, commit
FROM deployed_commits
WHERE commit IN (
    SELECT commit FROM trace_seeds
    UNION ALL
    SELECT commit FROM trace_edges WHERE EXISTS (SELECT 1 FROM trace_seeds)
)
ORDER BY finished_at, last_position
