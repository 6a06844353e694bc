-- The known history of the repositories that the asked commits are in, for walks along it.
WITH repositories AS (
    SELECT DISTINCT repository
    FROM commit_facts
    WHERE commit IN (SELECT value FROM trace_origins WHERE kind = 'commit')
    UNION
    SELECT repository
    FROM change_merges
    WHERE change_key IN (SELECT value FROM trace_origins WHERE kind = 'change')
),

told AS (
    SELECT commit, parents FROM commit_facts
    WHERE repository IN (SELECT repository FROM repositories) AND len(parents) > 0
    UNION ALL
    SELECT commit, parents FROM push_edges
    WHERE repository IN (SELECT repository FROM repositories)
)

SELECT commit, list_distinct(flatten(list(parents))) AS parents
FROM told
WHERE commit IS NOT NULL
GROUP BY commit
