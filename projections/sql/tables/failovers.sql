-- Failovers: one row an id of one source. What was reached stands as told; where nobody tells the
-- time it took, it is the one between start and finish.
-- What was told last of a field holds: `arg_max` passes over what is null.
WITH told AS (
    SELECT
        source || ' ' || recovery AS failover_key,
        any_value(source) AS source,
        any_value(recovery) AS recovery,
        arg_max(service, position) AS service,
        arg_max(environment, position) AS environment,
        arg_max(planned, position) AS planned,
        arg_max(trigger, position) AS trigger,
        arg_max(from_site, position) AS from_site,
        arg_max(to_site, position) AS to_site,
        arg_max(outcome, (occurred_at, position)) FILTER (WHERE what = 'failover.finished')
            AS outcome,
        min(occurred_at) FILTER (WHERE what = 'failover.started') AS started_at,
        max(occurred_at) FILTER (WHERE what = 'failover.finished') AS finished_at,
        arg_max(rto_wanted_s, position) AS rto_wanted_s,
        arg_max(rto_reached_s, position) AS rto_reached_s,
        arg_max(rpo_wanted_s, position) AS rpo_wanted_s,
        arg_max(rpo_reached_s, position) AS rpo_reached_s,
        arg_max(data_loss, position) AS data_loss,
        arg_max(incident, position) AS incident,
        arg_min(assurance, list_position(
            ['imported', 'asserted', 'observed', 'decided'], assurance
        )) AS assurance,
        list(position ORDER BY position) AS positions
    FROM recovery_facts
    WHERE what IN ('failover.started', 'failover.finished') AND recovery IS NOT NULL
    GROUP BY source, recovery
),

measured AS (
    SELECT
        *,
        coalesce(rto_reached_s, lasted_s) AS took_s
    FROM (
        SELECT
            *,
            -- By two clocks it may end before it began: how long it took, nobody knows then.
            CASE WHEN finished_at >= started_at THEN epoch(finished_at) - epoch(started_at) END
                AS lasted_s
        FROM told
    )
)

SELECT
    failover_key,
    source,
    recovery,
    service,
    environment,
    planned,
    trigger,
    incident,
    from_site,
    to_site,
    outcome,
    started_at,
    finished_at,
    lasted_s,
    rto_wanted_s,
    rto_reached_s,
    CASE WHEN outcome = 'success' THEN took_s <= rto_wanted_s END AS rto_kept,
    rpo_wanted_s,
    rpo_reached_s,
    CASE WHEN outcome = 'success' THEN rpo_reached_s <= rpo_wanted_s END AS rpo_kept,
    data_loss,
    coalesce(outcome = 'success' AND to_site IS NOT NULL, FALSE) AS switched_primary,
    assurance,
    positions
FROM measured
