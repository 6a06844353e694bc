-- The known history, for the walk from a deployment's commit back (`contained`): commits and what
-- each surely contains. One row each.
WITH moved AS (
    SELECT commit, flatten(list(parents)) AS parents FROM push_edges GROUP BY commit
)

SELECT commit, parents
FROM commits
WHERE len(parents) > 0 AND commit NOT IN (SELECT commit FROM moved)
UNION ALL
SELECT m.commit, list_distinct(list_concat(m.parents, k.parents))
FROM moved AS m
LEFT JOIN commits AS k USING (commit)
