-- The deployments of the line, as they are in `deployments`, and what ties each to it: an artifact
-- by its digest, a commit by its whole id, or that its commit's known history contains the commit
-- (`contains`).
WITH own AS (
    SELECT value AS artifact FROM trace_origins WHERE kind = 'artifact'
    UNION
    SELECT artifact FROM artifact_sources WHERE commit IN (SELECT commit FROM trace_seeds)
),

asked AS (
    SELECT d.*
    FROM deployments AS d
    INNER JOIN trace_origins AS o ON o.kind = 'deployment' AND o.value = d.deployment_key
),

-- A commit that came with its change is asked for by what the change came as.
reached AS (
    SELECT c.line, c.deployment_key, c.commit
    FROM trace_containing AS c
    INNER JOIN trace_seeds AS s USING (commit)
    QUALIFY s.role = 'asked' OR NOT bool_or(s.role = 'asked') OVER (PARTITION BY c.line)
),

ties AS (
    SELECT deployment_key, 'artifact' AS tie, artifact AS tied_to
    FROM (SELECT deployment_key, unnest(artifacts) AS artifact FROM deployments)
    WHERE artifact IN (SELECT artifact FROM own)
    UNION ALL
    SELECT deployment_key, 'commit', commit
    FROM deployments
    WHERE commit IN (SELECT commit FROM trace_seeds)
    UNION ALL
    -- Without a digest, the same commit of the same service is the same.
    SELECT d.deployment_key, 'commit', d.commit
    FROM deployments AS d
    INNER JOIN asked AS a ON d.service = a.service AND d.commit = a.commit
    WHERE len(a.artifacts) = 0
    UNION ALL
    SELECT deployment_key, 'contains', commit FROM reached
    UNION ALL
    SELECT deployment_key, 'deployment', deployment FROM asked
),

tied AS (
    SELECT
        deployment_key,
        arg_min(tie, list_position(['artifact', 'commit', 'contains', 'deployment'], tie)) AS tie,
        arg_min(
            tied_to, (list_position(['artifact', 'commit', 'contains', 'deployment'], tie), tied_to)
        ) AS tied_to
    FROM ties
    GROUP BY deployment_key
),

placed AS (
    SELECT deployment_key, d.finished_at, t.tie, t.tied_to
    FROM deployments AS d
    INNER JOIN tied AS t USING (deployment_key)
)

SELECT d.*, p.tie, p.tied_to
FROM deployments AS d
-- By its instant as well, since deployments lie in the order of these: all else is not read.
INNER JOIN placed AS p USING (finished_at, deployment_key)
