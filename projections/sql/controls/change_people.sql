-- Who made each proposed change: whoever proposed it, helped, pushed to it last, and made the
-- commits that it consists of. What only came of its merge is made by whoever merged it, who may
-- well be its reviewer: of a squashed commit its authors count, of another one nobody.
WITH stated AS (
    SELECT
        repository || '#' || number AS change_key, author, co_authors, merge_commit, method, position
    FROM change_facts
    WHERE repository IS NOT NULL AND number IS NOT NULL
),

parts AS (
    SELECT change_key, 'author' AS role, author AS id, position FROM stated
    UNION ALL
    SELECT change_key, 'co-author', unnest(co_authors), position FROM stated
    UNION ALL
    SELECT m.change_key, 'last pusher', m.last_pusher, s.position
    FROM change_merges AS m
    INNER JOIN (SELECT change_key, max(position) AS position FROM stated GROUP BY change_key) AS s
        USING (change_key)
),

own AS (
    SELECT change_key, commit, TRUE AS all_count FROM change_commits WHERE role <> 'merged'
    UNION
    SELECT change_key, merge_commit, TRUE
    FROM change_merges
    WHERE merge_commit = coalesce(merged_head, head)
    UNION
    SELECT change_key, merge_commit, FALSE FROM stated WHERE method = 'squash'
)

SELECT
    change_key,
    person,
    role,
    min(position) AS position
FROM (
    SELECT p.change_key, coalesce(s.person, p.id) AS person, p.role, p.position
    FROM parts AS p
    LEFT JOIN same_persons AS s USING (id)
    WHERE p.id IS NOT NULL
    UNION ALL
    SELECT o.change_key, c.person, c.role, c.position
    FROM own AS o
    INNER JOIN commit_people AS c USING (commit)
    WHERE o.all_count OR c.role <> 'committer'
)
GROUP BY ALL
