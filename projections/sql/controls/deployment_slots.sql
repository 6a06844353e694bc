-- What evidence must be there for, one by one: each digest that a production deployment brought, or
-- the deployment as a whole (`slot` null) where nobody says which digests those were. `of_commit`:
-- what holds for the deployment's own commit holds for it, since nobody says that it was built from
-- another one; `of_release` the same of its release, which may be said to hold other digests.
-- `is_known`: somebody says what it is at all.
WITH released AS (
    SELECT
        service || ' ' || coalesce(release, version) AS release,
        flatten(list(artifacts)) AS artifacts
    FROM build_facts
    WHERE len(artifacts) > 0
    GROUP BY ALL
)

SELECT
    d.deployment_key,
    d.slot,
    s.artifact IS NULL AS of_commit,
    coalesce(list_contains(r.artifacts, d.slot), TRUE) AS of_release,
    d.slot IS NOT NULL OR d.commit IS NOT NULL OR d.release IS NOT NULL AS is_known
FROM (
    SELECT
        deployment_key, commit, release, service,
        unnest(CASE WHEN len(artifacts) > 0 THEN artifacts ELSE [NULL] END) AS slot
    FROM production_deployments
) AS d
LEFT JOIN artifact_sources AS s ON d.slot = s.artifact
LEFT JOIN released AS r ON d.service || ' ' || d.release = r.release
