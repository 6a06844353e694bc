-- What a production deployment brought, as evidence may name it: its digests, the commit each was
-- built from, the run that built it; and of the deployment itself its commit, run, release,
-- configuration and id. `artifact` is null where it is about the deployment as a whole.
WITH digests AS (
    SELECT deployment_key, unnest(artifacts) AS artifact
    FROM production_deployments
)

SELECT deployment_key, artifact, 'artifact' AS kind, artifact AS value FROM digests
UNION
SELECT d.deployment_key, d.artifact, 'commit', s.commit
FROM digests AS d
INNER JOIN artifact_sources AS s USING (artifact)
UNION
SELECT d.deployment_key, d.artifact, 'run', a.run
FROM digests AS d
INNER JOIN artifacts AS a ON d.artifact = a.digest
WHERE a.run IS NOT NULL
UNION
SELECT deployment_key, NULL, 'commit', commit FROM production_deployments WHERE commit IS NOT NULL
UNION
SELECT deployment_key, NULL, 'run', run FROM production_deployments WHERE run IS NOT NULL
UNION
SELECT deployment_key, NULL, 'config', config FROM production_deployments WHERE config IS NOT NULL
UNION
SELECT deployment_key, NULL, 'release', service || ' ' || release
FROM production_deployments
WHERE release IS NOT NULL
UNION
SELECT deployment_key, NULL, 'deployment', deployment FROM production_deployments
