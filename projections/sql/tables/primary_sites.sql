-- R1: which site of an environment was the primary one, from when to when: the one that the last
-- successful failover went to. Before the first, the one that it came from.
-- Without a service it concerns the whole environment.
WITH switched AS (
    SELECT service, environment, from_site, to_site, finished_at, positions
    FROM failovers
    WHERE switched_primary AND finished_at IS NOT NULL
),

sites AS (
    SELECT service, environment, to_site AS site, finished_at AS effective_from, positions
    FROM switched
    UNION ALL
    SELECT
        service,
        environment,
        -- Nobody says where it was before, if the first one does not.
        arg_min_null(from_site, (finished_at, positions)) AS site,
        TIMESTAMPTZ '0001-01-01 00:00:00+00',
        CAST([] AS BIGINT[])
    FROM switched
    GROUP BY service, environment
)

SELECT
    service,
    environment,
    site,
    effective_from,
    coalesce(
        lead(effective_from) OVER (
            PARTITION BY service, environment ORDER BY effective_from, positions
        ),
        TIMESTAMPTZ '9999-12-31 00:00:00+00'
    ) AS effective_until,
    positions
FROM sites
