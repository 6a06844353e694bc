-- The artifacts of the line: those asked for, those that its deployments brought, and those that
-- were built from the asked commits.
SELECT value AS artifact FROM trace_origins WHERE kind = 'artifact'
UNION
SELECT unnest(d.artifacts)
FROM deployments AS d
INNER JOIN trace_deployments AS t USING (deployment_key)
UNION
SELECT artifact FROM artifact_sources WHERE commit IN (SELECT commit FROM trace_seeds)
