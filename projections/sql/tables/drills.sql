-- Recovery exercises: one row an id of one source, with the failovers and restores done in it.
-- What was told last of a field holds: `arg_max` passes over what is null.
WITH told AS (
    SELECT
        source,
        recovery,
        arg_max(service, position) AS service,
        arg_max(environment, position) AS environment,
        arg_max(planned, position) AS planned,
        arg_max(outcome, (occurred_at, position)) AS outcome,
        max(occurred_at) AS finished_at,
        arg_max(from_site, position) AS from_site,
        arg_max(to_site, position) AS to_site,
        arg_max(rto_wanted_s, position) AS rto_wanted_s,
        arg_max(rto_reached_s, position) AS rto_reached_s,
        arg_max(rpo_wanted_s, position) AS rpo_wanted_s,
        arg_max(rpo_reached_s, position) AS rpo_reached_s,
        arg_max(data_loss, position) AS data_loss,
        arg_min(assurance, list_position(
            ['imported', 'asserted', 'observed', 'decided'], assurance
        )) AS assurance,
        list(position ORDER BY position) AS positions
    FROM recovery_facts
    WHERE what = 'drill.finished' AND recovery IS NOT NULL
    GROUP BY source, recovery
),

steps AS (
    SELECT source, recovery, list(position ORDER BY position) AS step_positions
    FROM recovery_facts
    WHERE what <> 'drill.finished' AND recovery IS NOT NULL
    GROUP BY source, recovery
)

SELECT
    source || ' ' || recovery AS drill_key,
    source,
    recovery,
    t.service,
    t.environment,
    t.planned,
    t.from_site,
    t.to_site,
    t.outcome,
    t.finished_at,
    t.rto_wanted_s,
    t.rto_reached_s,
    CASE WHEN t.outcome = 'success' THEN t.rto_reached_s <= t.rto_wanted_s END AS rto_kept,
    t.rpo_wanted_s,
    t.rpo_reached_s,
    CASE WHEN t.outcome = 'success' THEN t.rpo_reached_s <= t.rpo_wanted_s END AS rpo_kept,
    t.data_loss,
    t.assurance,
    t.positions,
    coalesce(s.step_positions, []) AS step_positions
FROM told AS t
LEFT JOIN steps AS s USING (source, recovery)
