-- Known commits: one row each, however often and by whomever they were told.
-- R6: commits with the same patch, or picked from one another, are one change.
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
        CAST([] AS VARCHAR[]) AS parents,
        TRY_CAST(entry.authored_at AS TIMESTAMPTZ) AS authored_at,
        TRY_CAST(entry.committed_at AS TIMESTAMPTZ) AS committed_at
    FROM (SELECT position, repository, unnest(authored) AS entry FROM change_facts)
    WHERE entry.sha IS NOT NULL
),

known AS (
    SELECT
        commit,
        any_value(repository) AS repository,
        arg_max(parents, len(parents)) AS parents,
        min(authored_at) AS authored_at,
        min(committed_at) AS committed_at,
        min(occurred_at) AS told_at,
        min(patch_id) AS patch_id,
        min(cherry_picked_from) AS cherry_picked_from,
        any_value(paths) AS paths,
        min(position) AS position
    FROM told
    GROUP BY commit
),

merged AS (
    SELECT commit, min(merged_at) AS merged_at
    FROM (
        SELECT
            unnest(list_distinct(
                coalesce(commits, []) || coalesce(original_commits, []) || [merge_commit]
            )) AS commit,
            coalesce(merged_at, occurred_at) AS merged_at
        FROM change_facts
        WHERE what = 'merged'
    )
    WHERE commit IS NOT NULL
    GROUP BY commit
)

SELECT
    k.*,
    m.merged_at,
    coalesce(k.patch_id, source.patch_id, k.cherry_picked_from, k.commit) AS change_key
FROM known AS k
LEFT JOIN merged AS m USING (commit)
LEFT JOIN known AS source ON k.cherry_picked_from = source.commit
