-- From when on each deployment is shown to have ended: from its own time on, where its source gave
-- that and the ledger had it soon after; else from when the ledger had it.
WITH heard AS (
    SELECT
        deployment_key,
        max(recorded_at) AS recorded_at,
        bool_and(coalesce(time_basis, 'source') IN ('source', 'caller')) AS is_dated
    FROM deployment_facts
    WHERE what = 'finished' AND deployment_key IS NOT NULL
    GROUP BY deployment_key
)

SELECT
    d.deployment_key,
    CASE
        WHEN h.is_dated AND h.recorded_at <= d.finished_at + (
            SELECT max_ingest_delay FROM control_settings
        ) THEN d.finished_at
        ELSE greatest(d.finished_at, h.recorded_at)
    END AS shown_at
FROM deployments AS d
INNER JOIN heard AS h USING (deployment_key)
