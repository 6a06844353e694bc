-- Whose an event is that names no service: those of its artifact, else of its commit, else of its
-- repository. `basis` says by which of them; what none of them tells has no row.
WITH silent AS (
    SELECT position, artifact, commit, repository FROM test_facts WHERE service IS NULL
    UNION ALL
    SELECT position, artifact, commit, repository FROM scan_facts WHERE service IS NULL
    UNION ALL
    SELECT position, artifact, commit, repository FROM quality_facts WHERE service IS NULL
    UNION ALL
    SELECT position, artifact, commit, repository FROM build_facts WHERE service IS NULL
    UNION ALL
    SELECT position, artifact, commit, repository FROM approval_facts WHERE service IS NULL
    UNION ALL
    SELECT position, artifact, commit, repository FROM policy_facts WHERE service IS NULL
    UNION ALL
    SELECT position, NULL, coalesce(merge_commit, head), repository
    FROM change_facts
    WHERE service IS NULL
    UNION ALL
    SELECT position, NULL, commit, repository FROM infrastructure_facts WHERE service IS NULL
)

SELECT
    s.position,
    coalesce(a.services, c.services, r.services) AS services,
    CASE
        WHEN a.services IS NOT NULL THEN 'artifact'
        WHEN c.services IS NOT NULL THEN 'commit'
        ELSE 'repository'
    END AS basis
FROM silent AS s
LEFT JOIN service_ties AS a ON a.tie = 'artifact' AND a.value = s.artifact
LEFT JOIN service_ties AS c ON c.tie = 'commit' AND c.value = s.commit
LEFT JOIN service_ties AS r ON r.tie = 'repository' AND r.value = s.repository
WHERE coalesce(a.services, c.services, r.services) IS NOT NULL
