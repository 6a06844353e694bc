-- When each digest is shown to have run first outside production, with success: one row a digest
-- and kind of environment. A deployment to what was production then is none, whatever it is called
-- since.
WITH ran AS (
    SELECT
        unnest(d.artifacts) AS artifact,
        d.tier,
        d.succeeded,
        d.finished_at,
        d.last_position,
        list_position(['imported', 'asserted', 'observed', 'decided'], d.assurance) AS strength,
        e.shown_at
    FROM deployments AS d
    INNER JOIN deployment_ends AS e USING (deployment_key)
    ANTI JOIN production_deployments AS p USING (deployment_key)
    WHERE d.tier IS NULL OR d.tier IN ('staging', 'test', 'development', 'preview')
)

SELECT
    artifact,
    tier IS NOT NULL AS is_known,
    succeeded,
    strength,
    min(shown_at) AS shown_at,
    min(finished_at) AS finished_at,
    arg_min(last_position, (shown_at, last_position)) AS position
FROM ran
GROUP BY ALL
