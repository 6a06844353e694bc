-- The commits of the line and what each is in it: asked for, merged (as which a change came to the
-- target branch), head (as which a change was reviewed), built, deployed, or part of a change.
WITH roles AS (
    SELECT value AS commit, role FROM trace_origins WHERE kind = 'commit'
    UNION ALL
    SELECT
        commit,
        CASE role WHEN 'original' THEN 'part' WHEN 'listed' THEN 'part' ELSE role END
    FROM change_commits
    WHERE change_key IN (SELECT change_key FROM trace_changes)
    UNION ALL
    SELECT commit, 'built'
    FROM artifact_sources
    WHERE artifact IN (SELECT artifact FROM trace_artifacts)
)

SELECT
    commit,
    arg_min(
        role, list_position(['asked', 'built', 'merged', 'head', 'deployed', 'part'], role)
    ) AS role
FROM roles
GROUP BY commit
