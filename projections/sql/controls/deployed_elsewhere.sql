-- When each digest is shown to have run first outside production, with success: one row a digest
-- and kind of environment. It is shown from its own time on, where its source gave that and the
-- ledger had it soon after; else from when the ledger had it.
WITH ended AS (
    SELECT
        deployment_key,
        max(recorded_at) AS recorded_at,
        bool_and(coalesce(time_basis, 'source') IN ('source', 'caller')) AS is_dated
    FROM deployment_facts
    WHERE what = 'finished' AND deployment_key IS NOT NULL
    GROUP BY deployment_key
),

ran AS (
    SELECT
        unnest(d.artifacts) AS artifact,
        d.tier,
        d.succeeded,
        d.finished_at,
        d.last_position,
        list_position(['imported', 'asserted', 'observed', 'decided'], d.assurance) AS strength,
        CASE
            WHEN e.is_dated AND e.recorded_at <= d.finished_at + (
                SELECT max_ingest_delay FROM control_settings
            ) THEN d.finished_at
            ELSE greatest(d.finished_at, e.recorded_at)
        END AS shown_at
    FROM deployments AS d
    INNER JOIN ended AS e USING (deployment_key)
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
