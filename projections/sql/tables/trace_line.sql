-- The line's own names, for telling what is missing of it: one row.
WITH tied_services AS (
    -- A line that names no service is of those that its artifacts and commits are of.
    SELECT unnest(services) AS service
    FROM service_ties
    WHERE (tie, value) IN (
        SELECT 'artifact', artifact FROM trace_artifacts
        UNION ALL
        SELECT 'commit', commit FROM trace_commits WHERE role <> 'part'
    )
),

named AS (
    SELECT coalesce(
        (SELECT service FROM trace_deployments GROUP BY service ORDER BY count(*) DESC, service LIMIT 1),
        (SELECT CASE WHEN count(DISTINCT service) = 1 THEN min(service) END FROM tied_services)
    ) AS service
),

-- Where the service reached production before, the line may be missing there.
production AS (
    SELECT list_sort(list(DISTINCT d.environment)) AS environments
    FROM deployments AS d
    INNER JOIN named AS n USING (service)
    WHERE d.tier = 'production'
)

SELECT
    n.service,
    coalesce(
        (
            SELECT min(repository) FROM artifact_sources
            WHERE artifact IN (SELECT artifact FROM trace_artifacts)
        ),
        (
            SELECT min(repository) FROM change_merges
            WHERE change_key IN (SELECT change_key FROM trace_changes)
        ),
        (SELECT min(repository) FROM trace_told_commits)
    ) AS repository,
    (
        SELECT arg_min(
            commit,
            (list_position(['built', 'merged', 'asked', 'deployed', 'head', 'part'], role), commit)
        )
        FROM trace_commits
    ) AS commit,
    (SELECT CASE WHEN count(*) = 1 THEN min(artifact) END FROM trace_artifacts) AS artifact,
    (SELECT CASE WHEN count(*) = 1 THEN min(change_key) END FROM trace_changes) AS change_key,
    coalesce(p.environments, []) AS production_environments,
    (SELECT min(finished_at) FROM trace_deployments WHERE tier = 'production' AND succeeded)
        AS production_at,
    coalesce((
        SELECT list({'source': i.source, 'id': i.incident} ORDER BY i.incident_key)
        FROM incidents AS i
        WHERE i.ended_at IS NULL AND i.incident_key IN (
            SELECT incident_key FROM failure_reasons
            WHERE deployment_key IN (SELECT deployment_key FROM trace_deployments)
        )
    ), []) AS open_incidents,
    coalesce((
        SELECT list(
            {
                'source': d.source, 'id': d.deployment, 'service': d.service,
                'environment': d.environment
            }
            ORDER BY d.finished_at, d.deployment_key
        )
        FROM failures AS f
        INNER JOIN trace_deployments AS d USING (deployment_key)
        WHERE f.recovered_by = 'open'
    ), []) AS open_failures
FROM named AS n
CROSS JOIN production AS p
