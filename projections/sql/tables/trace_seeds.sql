-- The commits whose way to each environment is wanted: those asked for, and what their changes came
-- to the target branch as. From an artifact or a deployment the way is that of the artifact.
WITH wanted AS (
    SELECT c.change_key
    FROM change_commits AS c
    INNER JOIN trace_origins AS o ON o.kind = 'commit' AND o.role = 'asked' AND o.value = c.commit
    UNION
    SELECT value FROM trace_origins WHERE kind = 'change'
)

SELECT value AS commit, 'asked' AS role
FROM trace_origins
WHERE kind = 'commit' AND role = 'asked'
UNION
SELECT coalesce(merge_commit, merged_head), 'landed'
FROM change_merges
WHERE merged_at IS NOT NULL AND coalesce(merge_commit, merged_head) IS NOT NULL
    AND change_key IN (SELECT change_key FROM wanted)
