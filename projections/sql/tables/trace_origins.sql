-- The commits that the line of the asked begins with, and the changes and deployments asked for.
-- From an artifact one goes back to the commit it was built from.
WITH asked_deployments AS (
    SELECT value AS deployment_key FROM trace_asked WHERE kind = 'deployment'
    UNION
    SELECT deployment_key FROM deployments
    WHERE ticket IN (SELECT value FROM trace_asked WHERE kind = 'ticket')
),

told_of AS (
    SELECT artifacts, commit
    FROM deployments
    WHERE deployment_key IN (SELECT deployment_key FROM asked_deployments)
    UNION ALL
    SELECT artifacts, commit
    FROM trace_attempts
    WHERE deployment_key IN (SELECT deployment_key FROM asked_deployments)
),

asked_artifacts AS (
    SELECT value AS artifact FROM trace_asked WHERE kind = 'artifact'
    UNION
    SELECT unnest(artifacts) FROM told_of
),

asked_changes AS (
    SELECT value AS change_key FROM trace_asked WHERE kind = 'change'
    UNION
    SELECT repository || '#' || number
    FROM change_facts
    WHERE ticket IN (SELECT value FROM trace_asked WHERE kind = 'ticket')
        AND repository IS NOT NULL AND number IS NOT NULL
)

SELECT 'commit' AS kind, value, 'asked' AS role FROM trace_asked WHERE kind = 'commit'
UNION
SELECT 'commit', commit, 'asked'
FROM commit_facts
WHERE ticket IN (SELECT value FROM trace_asked WHERE kind = 'ticket')
UNION
SELECT 'commit', commit, 'built'
FROM artifact_sources
WHERE artifact IN (SELECT artifact FROM asked_artifacts)
UNION
SELECT 'commit', commit, 'deployed' FROM told_of WHERE commit IS NOT NULL
UNION
SELECT 'artifact', artifact, 'asked' FROM asked_artifacts
UNION
SELECT 'change', change_key, 'asked' FROM asked_changes
UNION
SELECT 'deployment', deployment_key, 'asked' FROM asked_deployments
