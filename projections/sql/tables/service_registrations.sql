-- What was registered of a service, and from when to when; a service that was only seen has one
-- row without a registration. As with environments, a later statement covers an earlier one.
WITH seen AS (
    SELECT service FROM all_deployment_facts WHERE service IS NOT NULL
    UNION
    SELECT service FROM build_facts WHERE service IS NOT NULL
    UNION
    SELECT service FROM register_facts WHERE what = 'service.registered' AND service IS NOT NULL
),

said AS (
    SELECT
        service,
        0 AS position,
        CAST(NULL AS VARCHAR) AS team,
        CAST(NULL AS VARCHAR) AS criticality,
        CAST(NULL AS VARCHAR[]) AS scope,
        NULL AS repositories,
        CAST(NULL AS MAP(VARCHAR, VARCHAR)) AS deployment_source,
        TIMESTAMPTZ '0001-01-01 00:00:00+00' AS effective_from
    FROM seen
    UNION ALL BY NAME
    SELECT
        service,
        position,
        team,
        criticality,
        scope,
        repositories,
        deployment_source,
        -- The first registration holds for the past as well, unless it says from when on.
        CASE
            WHEN effective_from IS NOT NULL THEN effective_from
            WHEN position = min(position) OVER (PARTITION BY service)
                THEN TIMESTAMPTZ '0001-01-01 00:00:00+00'
            ELSE coalesce(occurred_at, recorded_at)
        END AS effective_from
    FROM register_facts
    WHERE what = 'service.registered' AND service IS NOT NULL
),

ended AS (
    SELECT
        *,
        coalesce(
            min(effective_from) OVER (
                PARTITION BY service
                ORDER BY position
                ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
            ),
            TIMESTAMPTZ '9999-12-31 00:00:00+00'
        ) AS effective_until
    FROM said
)

SELECT
    service,
    team,
    criticality,
    scope,
    repositories,
    deployment_source,
    effective_from,
    effective_until,
    nullif(position, 0) AS position
FROM ended
WHERE effective_from < effective_until
