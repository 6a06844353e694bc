-- How each proposed change ended: merged, abandoned, or open still; one row a change. The head at
-- the merge is the commit that a review must have been given on to hold for what was merged.
SELECT
    repository || '#' || number AS change_key,
    any_value(repository) AS repository,
    any_value(number) AS number,
    arg_max(what, (occurred_at, position)) FILTER (WHERE what IN ('proposed', 'merged', 'abandoned'))
        AS last_step,
    min(coalesce(merged_at, occurred_at)) FILTER (WHERE what = 'merged') AS merged_at,
    max(occurred_at) FILTER (WHERE what = 'abandoned') AS abandoned_at,
    min(occurred_at) FILTER (WHERE what = 'proposed') AS proposed_at,
    arg_min(head, position) FILTER (WHERE what = 'merged') AS merged_head,
    arg_max(head, (occurred_at, position)) AS head,
    arg_min(merge_commit, position) AS merge_commit,
    arg_max(author, position) AS author,
    list_sort(list_distinct(flatten(list(coalesce(co_authors, []))))) AS co_authors,
    arg_max(last_pusher, (occurred_at, position)) AS last_pusher
FROM change_facts
WHERE repository IS NOT NULL AND number IS NOT NULL
GROUP BY repository, number
