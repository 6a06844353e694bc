-- Which tier an environment had, and from when to when (R1).
-- A registration holds from its `effective_from` on, until a later one (by position) says
-- otherwise: so a correction with an earlier date replaces what was said before it for all the
-- time from that date. Before any registration the name decides, since always; what was registered
-- by the name alone says no more than that.
WITH said AS (
    SELECT
        environment,
        0 AS position,
        tier_by_name AS tier,
        'name' AS basis,
        TIMESTAMPTZ '0001-01-01 00:00:00+00' AS effective_from,
        CAST(NULL AS VARCHAR) AS second
    FROM environment_sightings
    UNION ALL
    SELECT
        environment,
        position,
        tier,
        coalesce(basis, 'operator') AS basis,
        CASE
            WHEN basis = 'name' THEN TIMESTAMPTZ '0001-01-01 00:00:00+00'
            ELSE coalesce(effective_from, occurred_at, recorded_at)
        END AS effective_from,
        second
    FROM register_facts
    WHERE what = 'environment.registered' AND environment IS NOT NULL
),

ended AS (
    SELECT
        *,
        coalesce(
            min(effective_from) OVER (
                PARTITION BY environment
                ORDER BY basis <> 'name', position
                ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
            ),
            TIMESTAMPTZ '9999-12-31 00:00:00+00'
        ) AS effective_until
    FROM said
)

SELECT
    environment,
    tier,
    basis,
    effective_from,
    effective_until,
    nullif(position, 0) AS position,
    second
FROM ended
-- What a later statement covers from its beginning never held.
WHERE effective_from < effective_until
