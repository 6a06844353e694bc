-- The commits of each proposed change, and what they are in it: `merged` is what came to the target
-- branch; `original` and `listed` are what it was made of; `head` is its last state.
WITH listed AS (
    SELECT
        repository || '#' || number AS change_key,
        -- A branch may be rewritten: what was told last holds.
        arg_max(commits, (occurred_at, position)) FILTER (WHERE len(commits) > 0) AS commits,
        arg_max(original_commits, (occurred_at, position))
            FILTER (WHERE len(original_commits) > 0) AS original_commits
    FROM change_facts
    WHERE repository IS NOT NULL AND number IS NOT NULL
    GROUP BY repository, number
),

roles AS (
    SELECT change_key, merge_commit AS commit, 'merged' AS role FROM change_merges
    UNION ALL
    SELECT change_key, unnest(original_commits), 'original' FROM listed
    UNION ALL
    SELECT change_key, unnest(commits), 'listed' FROM listed
    UNION ALL
    SELECT change_key, coalesce(merged_head, head), 'head' FROM change_merges
)

SELECT
    change_key,
    commit,
    arg_min(role, list_position(['merged', 'original', 'listed', 'head'], role)) AS role
FROM roles
WHERE commit IS NOT NULL
GROUP BY change_key, commit
