-- What evidence must be there for, one by one: each digest that a production deployment brought, or
-- the deployment as a whole (`slot` null) where nobody says which digests those were. `of_commit`:
-- what holds for the deployment's own commit holds for it, since nobody says that it was built from
-- another one. `is_known`: somebody says what it is at all.
SELECT
    d.deployment_key,
    d.slot,
    s.artifact IS NULL AS of_commit,
    d.slot IS NOT NULL OR d.commit IS NOT NULL OR d.release IS NOT NULL AS is_known
FROM (
    SELECT
        deployment_key, commit, release,
        unnest(CASE WHEN len(artifacts) > 0 THEN artifacts ELSE [NULL] END) AS slot
    FROM production_deployments
) AS d
LEFT JOIN artifact_sources AS s ON d.slot = s.artifact
