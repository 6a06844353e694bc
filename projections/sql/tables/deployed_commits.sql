-- R6: what each succeeded deployment deployed, in the order in which they finished: the commits that
-- its emitter lists; else the source commit of its artifact's build; else its own.
WITH own AS (
    SELECT deployment_key, line, tier, service, repository, finished_at, last_position, kind
    FROM deployments
    WHERE succeeded AND counts_in_line
),

reports AS (
    SELECT deployment_key, position, repository, commit, commits, artifacts
    FROM deployment_reports
    WHERE succeeded
),

listed AS (
    SELECT deployment_key, repository, unnest(commits) AS commit
    FROM reports
    WHERE len(commits) > 0
),

from_artifacts AS (
    SELECT DISTINCT r.deployment_key, b.repository, b.commit
    FROM (SELECT deployment_key, unnest(artifacts) AS artifact FROM reports) AS r
    INNER JOIN artifact_sources AS b USING (artifact)
),

stated AS (
    SELECT DISTINCT deployment_key, repository, commit
    FROM reports
    WHERE commit IS NOT NULL
        AND deployment_key NOT IN (SELECT deployment_key FROM from_artifacts)
),

together AS (
    SELECT *, FALSE AS is_listed FROM from_artifacts
    UNION ALL
    SELECT *, FALSE AS is_listed FROM stated
    UNION ALL
    SELECT *, TRUE AS is_listed FROM listed
),

-- A registered repository that holds only what is deployed has no changes of its own.
manifests AS (
    SELECT service, effective_from, effective_until, used.repository
    FROM (
        SELECT service, effective_from, effective_until, unnest(repositories) AS used
        FROM service_registrations
        WHERE repositories IS NOT NULL
    )
    WHERE used.role = 'manifests'
)

SELECT
    o.deployment_key,
    o.line,
    coalesce(k.repository, t.repository, o.repository, '') AS repository,
    t.commit,
    t.is_listed,
    k.commit IS NOT NULL AS is_known,
    o.tier,
    o.kind,
    o.finished_at,
    o.last_position
FROM own AS o
INNER JOIN together AS t USING (deployment_key)
LEFT JOIN commits AS k USING (commit)
LEFT JOIN manifests AS m
    ON o.service = m.service
    AND m.repository = coalesce(k.repository, t.repository, o.repository)
    AND o.finished_at >= m.effective_from AND o.finished_at < m.effective_until
WHERE m.repository IS NULL
ORDER BY o.finished_at, o.last_position, t.is_listed DESC, t.commit
