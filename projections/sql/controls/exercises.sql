-- Exercises of recovery, and failovers, which show the same where they happen for real: one row a
-- service. What a whole environment did, every service did that was deployed there by then. Of an
-- exercise that says nothing of its times, those of the failover in it hold.
WITH told AS (
    SELECT
        coalesce(d.source, f.source) AS source,
        coalesce(d.service, f.service) AS service,
        coalesce(d.environment, f.environment) AS environment,
        coalesce(d.outcome, f.outcome) AS outcome,
        coalesce(d.finished_at, f.finished_at) AS finished_at,
        coalesce(d.rto_wanted_s, f.rto_wanted_s) AS rto_wanted_s,
        coalesce(d.rto_reached_s, f.rto_reached_s, f.lasted_s) AS rto_reached_s,
        coalesce(d.rpo_wanted_s, f.rpo_wanted_s) AS rpo_wanted_s,
        coalesce(d.rpo_reached_s, f.rpo_reached_s, CASE
            WHEN coalesce(d.data_loss, f.data_loss) = FALSE THEN 0
        END) AS rpo_reached_s,
        list_max(coalesce(d.positions, f.positions)) AS last_position,
        list_concat(coalesce(d.positions, []), coalesce(f.positions, [])) AS positions
    FROM drills AS d
    FULL JOIN (SELECT * FROM failovers WHERE finished_at IS NOT NULL) AS f USING (source, recovery)
),

there AS (
    SELECT environment, service, min(finished_at) AS since
    FROM deployments
    WHERE service IS NOT NULL
    GROUP BY ALL
)

SELECT
    coalesce(t.service, e.service) AS service,
    least(t.finished_at, r.recorded_at) AS done_at,
    r.recorded_at,
    r.time_basis,
    r.assurance,
    t.* EXCLUDE (service, finished_at, last_position)
FROM told AS t
INNER JOIN recovery_facts AS r ON t.last_position = r.position
LEFT JOIN there AS e
    ON t.service IS NULL AND t.environment = e.environment
    AND e.since <= least(t.finished_at, r.recorded_at)
WHERE coalesce(t.service, e.service) IS NOT NULL
