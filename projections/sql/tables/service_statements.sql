-- What was registered of services, with the instant from which on it holds: the one that it says;
-- else always, where it is the first one of its service, and since it was said where it is not.
SELECT
    service,
    position,
    team,
    criticality,
    scope,
    repositories,
    deployment_source,
    CASE
        WHEN effective_from IS NOT NULL THEN effective_from
        WHEN position = min(position) OVER (PARTITION BY service)
            THEN TIMESTAMPTZ '0001-01-01 00:00:00+00'
        ELSE coalesce(occurred_at, recorded_at)
    END AS effective_from
FROM register_facts
WHERE what = 'service.registered' AND service IS NOT NULL
