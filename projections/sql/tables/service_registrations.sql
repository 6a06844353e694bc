-- What holds of a service, and from when to when; a service that was only seen has one row. What a
-- statement does not name stays as it was said before; of two statements the later one, by
-- position, covers the earlier one from its own beginning on.
WITH seen AS (
    SELECT service FROM all_deployment_facts WHERE service IS NOT NULL
    UNION
    SELECT service FROM build_facts WHERE service IS NOT NULL
    UNION
    SELECT service FROM service_statements
),

said AS (
    SELECT
        service,
        CAST(NULL AS BIGINT) AS position,
        CAST(NULL AS VARCHAR) AS team,
        CAST(NULL AS VARCHAR) AS criticality,
        CAST(NULL AS VARCHAR[]) AS scope,
        NULL AS repositories,
        CAST(NULL AS MAP(VARCHAR, VARCHAR)) AS deployment_source,
        TIMESTAMPTZ '0001-01-01 00:00:00+00' AS effective_from
    FROM seen
    UNION ALL BY NAME
    SELECT * FROM service_statements
),

held AS (
    SELECT
        service,
        arg_max(team, position) OVER w AS team,
        arg_max(criticality, position) OVER w AS criticality,
        arg_max(scope, position) OVER w AS scope,
        arg_max(repositories, position) OVER w AS repositories,
        arg_max(deployment_source, position) OVER w AS deployment_source,
        max(position) OVER w AS position,
        effective_from
    FROM said
    WINDOW w AS (PARTITION BY service ORDER BY effective_from RANGE UNBOUNDED PRECEDING)
),

-- What is said again changes nothing.
kept AS (
    SELECT *
    FROM held
    WINDOW w AS (PARTITION BY service ORDER BY effective_from)
    QUALIFY row_number() OVER w = 1
        OR team IS DISTINCT FROM lag(team) OVER w
        OR criticality IS DISTINCT FROM lag(criticality) OVER w
        OR scope IS DISTINCT FROM lag(scope) OVER w
        OR repositories IS DISTINCT FROM lag(repositories) OVER w
        OR deployment_source IS DISTINCT FROM lag(deployment_source) OVER w
)

SELECT
    service,
    team,
    criticality,
    scope,
    repositories,
    deployment_source,
    effective_from,
    coalesce(
        lead(effective_from) OVER (PARTITION BY service ORDER BY effective_from),
        TIMESTAMPTZ '9999-12-31 00:00:00+00'
    ) AS effective_until,
    position
FROM kept
