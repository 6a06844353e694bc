-- What each service is covered by: one row a service and capability, also where nothing was ever
-- seen. Stale is what was last seen longer before `at` than the capability's own time, or than
-- `stale_after_s` where that is chosen; without an `at` it is counted from the newest evidence.
WITH seen AS (
    SELECT
        service,
        capability,
        count(*) AS times,
        min(seen_at) AS first_at,
        max(seen_at) FILTER (WHERE counts) AS last_at,
        arg_max(position, (seen_at, position)) FILTER (WHERE counts) AS last_position,
        arg_max(coalesce(outcome, ''), (seen_at, position)) AS last_outcome,
        max(seen_at) AS tried_at,
        max(recorded_at) AS recorded_at,
        list_sort(list(DISTINCT tool) FILTER (WHERE tool IS NOT NULL)) AS tools,
        list_sort(list(DISTINCT basis) FILTER (WHERE basis IS NOT NULL)) AS bases
    FROM coverage_evidence
    GROUP BY service, capability
),

known AS (
    SELECT service FROM service_registrations
    UNION
    SELECT service FROM seen WHERE service IS NOT NULL
),

wanted AS (
    SELECT k.service, c.*
    FROM known AS k
    CROSS JOIN capabilities AS c
    UNION ALL
    -- What is nobody's, as far as anything tells.
    SELECT s.service, c.*
    FROM seen AS s
    INNER JOIN capabilities AS c USING (capability)
    WHERE s.service IS NULL
),

dated AS (
    SELECT
        -- The last instant that there is stands for no instant.
        CASE
            WHEN p.at < TIMESTAMPTZ '9999-12-30 00:00:00+00' THEN p.at
            ELSE (SELECT max(recorded_at) FROM seen)
        END AS looked_at,
        p.at,
        p.stale_after_s
    FROM parameters AS p
),

teams AS (
    SELECT v.service, v.team, v.criticality
    FROM service_registrations AS v
    CROSS JOIN dated AS d
    WHERE d.at >= v.effective_from AND d.at < v.effective_until
)

SELECT
    w.service,
    t.team,
    t.criticality,
    w.area,
    w.capability,
    CAST(w.place AS BIGINT) AS place,
    CASE
        WHEN s.last_at IS NULL AND s.times > 0 THEN 'failed'
        WHEN s.last_at IS NULL THEN 'never'
        WHEN epoch(d.looked_at) - epoch(s.last_at) > coalesce(d.stale_after_s, w.stale_days * 86400)
            THEN 'stale'
        ELSE 'seen'
    END AS state,
    s.last_at,
    s.last_position,
    s.tried_at,
    nullif(s.last_outcome, '') AS last_outcome,
    s.first_at,
    coalesce(s.times, 0) AS times,
    coalesce(s.tools, []) AS tools,
    coalesce(s.bases, []) AS bases,
    CAST(coalesce(d.stale_after_s, w.stale_days * 86400) AS BIGINT) AS stale_after_s
FROM wanted AS w
CROSS JOIN dated AS d
LEFT JOIN seen AS s ON w.capability = s.capability AND w.service IS NOT DISTINCT FROM s.service
LEFT JOIN teams AS t ON w.service = t.service
