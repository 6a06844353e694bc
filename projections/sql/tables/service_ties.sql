-- Which services an artifact, a commit or a repository belongs to: as builds and deployments of it
-- say, and as repositories are registered. A commit of a repository of several services belongs to
-- each of them.
WITH told AS (
    SELECT service, repository, commit, artifacts FROM build_facts WHERE service IS NOT NULL
    UNION ALL
    -- What is deployed may be described in a repository of manifests, which is not its source.
    SELECT service, NULL, commit, artifacts FROM deployment_facts WHERE service IS NOT NULL
),

registered AS (
    SELECT service, one.repository, one.role
    FROM (
        SELECT service, unnest(repositories) AS one
        FROM service_registrations
        WHERE repositories IS NOT NULL
    )
),

ties AS (
    SELECT 'artifact' AS tie, unnest(artifacts) AS value, service FROM told
    UNION ALL
    SELECT 'commit', commit, service FROM told
    UNION ALL
    SELECT 'repository', repository, service FROM told
    UNION ALL
    SELECT 'repository', repository, service FROM registered
    WHERE role IS DISTINCT FROM 'manifests'
)

SELECT tie, value, list_sort(list(DISTINCT service)) AS services
FROM ties
WHERE value IS NOT NULL
GROUP BY tie, value
