-- Branches that anybody ever said to be protected: one row a repository and branch, its name
-- without prefix. One whose protection was taken away stays: what went there since is what a
-- control is for, and so does one of a move that was voided. A rule may name a pattern.
WITH branches AS (
    SELECT repository, regexp_replace(ref, '^refs/heads/', '') AS branch, protected, position
    FROM all_ref_facts
    WHERE repository IS NOT NULL AND NOT starts_with(ref, 'refs/tags/')
    UNION ALL
    SELECT repository, regexp_replace(target_ref, '^refs/heads/', ''), FALSE, position
    FROM change_facts
    WHERE repository IS NOT NULL AND target_ref IS NOT NULL
),

named AS (
    SELECT repository, branch, min(position) FILTER (WHERE protected) AS position
    FROM branches
    GROUP BY repository, branch
),

rules AS (
    SELECT
        repository,
        regexp_replace(ref, '^refs/heads/', '') AS pattern,
        min(position) AS position
    FROM protection_facts
    WHERE repository IS NOT NULL AND ref IS NOT NULL
    GROUP BY ALL
)

SELECT
    n.repository,
    n.branch,
    min(least(n.position, r.position)) AS position
FROM named AS n
LEFT JOIN rules AS r
    ON n.repository = r.repository AND (n.branch = r.pattern OR n.branch GLOB r.pattern)
WHERE n.position IS NOT NULL OR r.position IS NOT NULL
GROUP BY n.repository, n.branch
