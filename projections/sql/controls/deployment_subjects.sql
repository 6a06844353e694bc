-- What a production deployment brought, as evidence may name it: its digests, the commit each was
-- built from, the run that built it; and of the deployment itself its commit, run, release,
-- configuration and id. `artifact` is null where it is about the deployment as a whole.
-- Runs and deployments are numbered by whoever has them: what names one must be of the same
-- `source` or `repository`; for all else these are null.
WITH digests AS (
    SELECT deployment_key, unnest(artifacts) AS artifact
    FROM production_deployments
),

built AS (
    SELECT unnest(artifacts) AS artifact, run, source, repository
    FROM build_facts
    WHERE what = 'build.finished' AND run IS NOT NULL
)

SELECT
    deployment_key, artifact, 'artifact' AS kind, artifact AS value,
    CAST(NULL AS VARCHAR) AS source, CAST(NULL AS VARCHAR) AS repository
FROM digests
UNION
SELECT d.deployment_key, d.artifact, 'commit', s.commit, NULL, NULL
FROM digests AS d
INNER JOIN artifact_sources AS s USING (artifact)
UNION
SELECT d.deployment_key, d.artifact, 'run', b.run, b.source, b.repository
FROM digests AS d
INNER JOIN built AS b USING (artifact)
UNION
SELECT deployment_key, NULL, 'commit', commit, NULL, NULL
FROM production_deployments
WHERE commit IS NOT NULL
UNION
SELECT deployment_key, NULL, 'run', run, source, repository
FROM production_deployments
WHERE run IS NOT NULL
UNION
SELECT deployment_key, NULL, 'config', config, NULL, NULL
FROM production_deployments
WHERE config IS NOT NULL
UNION
SELECT deployment_key, NULL, 'release', service || ' ' || release, NULL, NULL
FROM production_deployments
WHERE release IS NOT NULL
UNION
SELECT deployment_key, NULL, 'deployment', deployment, source, repository
FROM production_deployments
