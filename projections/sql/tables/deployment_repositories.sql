-- R6, R13: the source repositories of each deployment: those reported, without the ones that hold
-- only what is deployed; else those of its artifacts' builds; else the one registered.
WITH reported AS (
    SELECT
        d.deployment_key,
        d.artifacts,
        [one.repository FOR one IN v.repositories IF one.role IS DISTINCT FROM 'manifests']
            AS registered,
        list_filter(d.repositories, lambda reported: NOT list_contains(
            coalesce([one.repository FOR one IN v.repositories IF one.role = 'manifests'], []),
            reported
        )) AS repositories
    FROM deployment_totals AS d
    -- Each service that was deployed has a row for any time.
    INNER JOIN service_registrations AS v
        ON d.service = v.service
        AND d.finished_at >= v.effective_from AND d.finished_at < v.effective_until
),

built AS (
    SELECT
        a.deployment_key,
        list_sort(list(DISTINCT b.repository)) AS repositories
    FROM (
        SELECT deployment_key, unnest(artifacts) AS artifact
        FROM reported
        WHERE len(repositories) = 0
    ) AS a
    INNER JOIN artifact_sources AS b USING (artifact)
    WHERE b.repository IS NOT NULL
    GROUP BY a.deployment_key
)

SELECT
    r.deployment_key,
    CASE
        WHEN len(r.repositories) > 0 THEN r.repositories
        WHEN b.repositories IS NOT NULL THEN b.repositories
        WHEN len(r.registered) = 1 THEN r.registered
        ELSE CAST([] AS VARCHAR[])
    END AS repositories
FROM reported AS r
LEFT JOIN built AS b USING (deployment_key)
