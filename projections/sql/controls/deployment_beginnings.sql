-- When each deployment began and ended, and when the ledger first heard of it. Neither can be later
-- than it was recorded: a later claim would let evidence be made up in between, or take the
-- deployment out of every window.
WITH heard AS (
    SELECT
        deployment_key,
        min(recorded_at) AS recorded_at,
        max(recorded_at) FILTER (WHERE what = 'finished') AS ended_by,
        min(position) AS first_position,
        bool_and(coalesce(time_basis, 'source') IN ('source', 'caller')) AS is_dated
    FROM deployment_facts
    WHERE deployment_key IS NOT NULL AND what <> 'assessed'
    GROUP BY deployment_key
)

SELECT
    d.deployment_key,
    least(coalesce(d.started_at, d.finished_at), h.recorded_at) AS began_at,
    least(d.finished_at, h.ended_by) AS finished_at,
    h.recorded_at,
    h.first_position,
    h.is_dated
FROM deployments AS d
INNER JOIN heard AS h USING (deployment_key)
