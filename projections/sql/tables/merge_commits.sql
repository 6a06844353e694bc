-- R6: commits that only join others, and are no changes: those with several parents, and those that
-- a change was merged with while its own commits stayed, where nobody tells the parents.
SELECT commit FROM commits WHERE len(parents) > 1
UNION
SELECT merge_commit FROM change_facts
WHERE what = 'merged' AND method = 'merge' AND merge_commit IS NOT NULL
UNION
SELECT c.merge_commit
FROM change_facts AS c
INNER JOIN commit_parents AS h ON c.merge_commit = h.commit
WHERE c.what = 'merged' AND c.method IS DISTINCT FROM 'squash'
    AND list_contains(h.parents, c.head)
    AND c.merge_commit IN (SELECT after FROM ref_facts)
