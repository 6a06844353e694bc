-- Which tier an environment had, and from when to when (R1).
-- A registration holds from its `effective_from` on, until a later one (by position) says
-- otherwise: so a correction with an earlier date replaces what was said before it for all the
-- time from that date. Before any registration the name decides, since always; what was registered
-- by the name alone says no more than that.
WITH said AS (
    SELECT
        environment,
        0 AS weight,
        CAST(NULL AS BIGINT) AS position,
        tier_by_name AS tier,
        'name' AS basis,
        TIMESTAMPTZ '0001-01-01 00:00:00+00' AS effective_from,
        CAST(NULL AS VARCHAR) AS second
    FROM environment_sightings
    UNION ALL
    SELECT
        environment,
        position + CASE WHEN basis = 'name' THEN 0 ELSE 1_000_000_000_000_000 END AS weight,
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

held AS (
    SELECT
        environment,
        effective_from,
        arg_max(
            {'tier': tier, 'basis': basis, 'position': position, 'second': second}, weight
        ) OVER (
            PARTITION BY environment ORDER BY effective_from RANGE UNBOUNDED PRECEDING
        ) AS held
    FROM said
),

-- What is said again changes nothing.
kept AS (
    SELECT *
    FROM held
    WINDOW w AS (PARTITION BY environment ORDER BY effective_from)
    QUALIFY held.tier IS DISTINCT FROM lag(held.tier) OVER w
        OR held.basis IS DISTINCT FROM lag(held.basis) OVER w
)

SELECT
    environment,
    held.tier AS tier,
    held.basis AS basis,
    effective_from,
    coalesce(
        lead(effective_from) OVER (PARTITION BY environment ORDER BY effective_from),
        TIMESTAMPTZ '9999-12-31 00:00:00+00'
    ) AS effective_until,
    held.position AS position,
    held.second AS second
FROM kept
