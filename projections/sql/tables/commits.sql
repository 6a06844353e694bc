-- Known commits: one row each, however often and by whomever they were told.
WITH told AS (
    SELECT
        commit, position, repository, parents, authored_at, committed_at, occurred_at, patch_id,
        cherry_picked_from, paths
    FROM commit_facts
    WHERE commit IS NOT NULL
    UNION ALL BY NAME
    -- A change may list its commits with their times although nobody pushed them to us.
    SELECT
        entry.sha AS commit,
        position,
        repository,
        coalesce([one FOR one IN entry.parents IF one IS NOT NULL], []) AS parents,
        TRY_CAST(upper(entry.authored_at) AS TIMESTAMPTZ) AS authored_at,
        TRY_CAST(upper(entry.committed_at) AS TIMESTAMPTZ) AS committed_at,
        CAST(NULL AS TIMESTAMPTZ) AS occurred_at,
        entry.patch_id AS patch_id,
        entry.paths AS paths
    FROM (SELECT position, repository, unnest(authored) AS entry FROM change_facts)
    WHERE entry.sha IS NOT NULL
),

again AS (
    SELECT commit FROM told GROUP BY commit HAVING count(*) > 1
)

-- Most are told once; putting the others together costs more.
SELECT
    commit, position, repository, parents, authored_at, committed_at, occurred_at AS told_at,
    patch_id, cherry_picked_from, paths
FROM told
WHERE commit NOT IN (SELECT commit FROM again)
UNION ALL
SELECT
    commit,
    min(position),
    arg_min(repository, position),
    arg_max(parents, len(parents)),
    min(authored_at),
    min(committed_at),
    min(occurred_at),
    arg_min(patch_id, position),
    arg_min(cherry_picked_from, position),
    arg_min(paths, position) FILTER (WHERE len(paths) > 0)
FROM told
WHERE commit IN (SELECT commit FROM again)
GROUP BY commit
