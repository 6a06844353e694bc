-- Who made each commit, as pushes and changes tell it, accounts of one person put together: one row
-- a commit, person and part taken. A commit that only joins others is made by nobody.
WITH told AS (
    SELECT commit, authors, co_authors, committer, position FROM commit_facts
    UNION ALL
    SELECT one.sha, one.authors, one.co_authors, one.committer, position
    FROM (SELECT position, unnest(authored) AS one FROM change_facts)
    UNION ALL
    SELECT one.sha, one.authors, one.co_authors, one.committer, position
    FROM (SELECT position, unnest(authored) AS one FROM ref_facts)
),

parts AS (
    SELECT commit, 'author' AS role, unnest(authors) AS id, position FROM told
    UNION ALL
    SELECT commit, 'co-author', unnest(co_authors), position FROM told
    UNION ALL
    SELECT commit, 'committer', committer, position FROM told
)

SELECT
    p.commit,
    coalesce(s.person, p.id) AS person,
    p.role,
    min(p.position) AS position
FROM parts AS p
LEFT JOIN same_persons AS s USING (id)
ANTI JOIN merge_commits AS m ON p.commit = m.commit
WHERE p.commit IS NOT NULL AND p.id IS NOT NULL
GROUP BY ALL
