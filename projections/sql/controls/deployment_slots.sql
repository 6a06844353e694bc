-- What evidence must be there for, one by one: each digest that a production deployment brought, or
-- the deployment as a whole (`slot` null) where nobody says which digests those were. `of_commit`:
-- what holds for the deployment's own commit holds for it, since nobody says that it was built from
-- another one; `of_release` the same of its release, which may be said to hold other digests.
-- `is_known`: somebody says what it is at all.
WITH released AS (
    SELECT DISTINCT
        service || ' ' || coalesce(release, version) AS release,
        unnest(artifacts) AS artifact
    FROM build_facts
    WHERE service IS NOT NULL AND coalesce(release, version) IS NOT NULL
)

SELECT
    d.deployment_key,
    d.slot,
    s.artifact IS NULL AS of_commit,
    d.slot IS NULL OR k.release IS NULL OR r.artifact IS NOT NULL AS of_release,
    d.slot IS NOT NULL OR d.has_name AS is_known
FROM (
    SELECT
        deployment_key,
        commit IS NOT NULL OR release IS NOT NULL AS has_name,
        service || ' ' || release AS release,
        unnest(CASE WHEN len(artifacts) > 0 THEN artifacts ELSE [NULL] END) AS slot
    FROM production_deployments
) AS d
LEFT JOIN artifact_sources AS s ON d.slot = s.artifact
LEFT JOIN released AS r ON d.release = r.release AND d.slot = r.artifact
LEFT JOIN (SELECT DISTINCT release FROM released) AS k ON d.release = k.release
