-- The artifacts of the line: those asked for, those that its deployments brought, and those that
-- were built from the asked commits.
SELECT value AS artifact FROM trace_origins WHERE kind = 'artifact'
UNION
SELECT unnest(artifacts) FROM trace_deployments
UNION
SELECT artifact FROM artifact_sources WHERE commit IN (SELECT commit FROM trace_seeds)
