-- R8: why a counted deployment is a failed one; one row a reason. F1 to F5 are the rules' names.
WITH counted AS (
    SELECT * FROM deployments WHERE counted
),

-- F1: an attempt of it failed and changed or degraded the target.
f1 AS (
    SELECT
        deployment_key, 'F1' AS rule, CAST(NULL AS VARCHAR) AS by_key,
        CAST(NULL AS VARCHAR) AS incident_key
    FROM counted
    WHERE harmed_at IS NOT NULL
),

-- F2: an incident names it as its cause. No time limit.
f2 AS (
    SELECT d.deployment_key, 'F2' AS rule, CAST(NULL AS VARCHAR) AS by_key, i.incident_key
    FROM incidents AS i
    INNER JOIN counted AS d ON i.caused_by = d.deployment
    WHERE (len(i.services) = 0 OR list_contains(i.services, d.service))
        AND coalesce(i.environment, d.environment) = d.environment
),

-- F3: it was rolled back with success. F4: a hotfix that succeeded says that it remedies it.
f3 AS (
    SELECT d.deployment_key, 'F3' AS rule, r.deployment_key AS by_key, CAST(NULL AS VARCHAR)
    FROM deployments AS r
    INNER JOIN counted AS d ON r.rolls_back_key = d.deployment_key
    WHERE r.kind = 'rollback' AND r.succeeded AND r.counts_in_line
),

f4 AS (
    SELECT d.deployment_key, 'F4' AS rule, h.deployment_key AS by_key, CAST(NULL AS VARCHAR)
    FROM (
        SELECT deployment_key, unnest(remediates_keys) AS remedied_key
        FROM deployments
        WHERE kind = 'hotfix' AND succeeded AND counts_in_line
    ) AS h
    INNER JOIN counted AS d ON h.remedied_key = d.deployment_key
),

-- F5, inferred: an incident of the same service and environment without a stated cause that began
-- within the window after it; the latest such success is taken.
blameless AS (
    SELECT incident_key, environment, started_at, unnest(services) || '@' || environment AS line
    FROM incidents
    WHERE caused_by IS NULL AND coalesce(cause, '') <> 'external'
        AND environment IS NOT NULL AND started_at IS NOT NULL
),

latest AS (
    SELECT line, finished_at, arg_max(deployment_key, last_position) AS deployment_key
    FROM counted
    WHERE succeeded
    GROUP BY line, finished_at
),

f5 AS (
    SELECT d.deployment_key, 'F5' AS rule, CAST(NULL AS VARCHAR), i.incident_key
    FROM blameless AS i
    ASOF JOIN latest AS d ON i.line = d.line AND i.started_at >= d.finished_at
    WHERE epoch(i.started_at) < epoch(d.finished_at)
        + (SELECT attribution_window_s FROM parameters)
)

SELECT * FROM f1
UNION ALL SELECT * FROM f2
UNION ALL SELECT * FROM f3
UNION ALL SELECT * FROM f4
UNION ALL SELECT * FROM f5
