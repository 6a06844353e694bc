-- What was deployed, in the order in which it finished, for the walk from a commit forward.
SELECT line, deployment_key, commit
FROM deployed_commits
WHERE EXISTS (SELECT 1 FROM trace_seeds)
ORDER BY finished_at, last_position
