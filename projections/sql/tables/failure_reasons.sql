-- R8: why a counted deployment is a failed one; one row a reason. F1 to F5 are the rules' names.
WITH counted AS (
    SELECT deployment_key, line, finished_at, succeeded, harmed_at, last_position
    FROM deployments
    WHERE counted
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
    SELECT i.deployment_key, 'F2' AS rule, CAST(NULL AS VARCHAR) AS by_key, i.incident_key
    FROM incident_links AS i
    SEMI JOIN counted USING (deployment_key)
),

-- F3: it was rolled back with success. F4: what succeeded as a hotfix says that it remedies it, or
-- a rollback does, which may name more than the one it takes back.
f3 AS (
    SELECT r.rolls_back_key AS deployment_key, 'F3' AS rule, r.deployment_key AS by_key,
        CAST(NULL AS VARCHAR) AS incident_key
    FROM deployments AS r
    WHERE r.succeeded AND r.counts_in_line
        AND r.rolls_back_key IN (SELECT deployment_key FROM counted)
),

f4 AS (
    SELECT remedied_key AS deployment_key, 'F4' AS rule, by_key, CAST(NULL AS VARCHAR)
    FROM (
        SELECT deployment_key AS by_key, unnest(remediates_keys) AS remedied_key
        FROM deployments
        WHERE kind IN ('hotfix', 'rollback') AND succeeded AND counts_in_line
    )
    WHERE remedied_key IN (SELECT deployment_key FROM counted)
),

-- F5, inferred: an incident of the same service and environment without a stated cause that began
-- within the window after it; the latest such success is taken.
blameless AS (
    SELECT
        incident_key, started_at,
        unnest(services) || '@' || replace(replace(environment, '%', '%25'), '@', '%40') AS line
    FROM incidents
    WHERE caused_by IS NULL AND coalesce(cause, '') <> 'external'
),

latest AS (
    SELECT line, finished_at, arg_max(deployment_key, last_position) AS deployment_key
    FROM counted
    WHERE succeeded AND line IN (SELECT line FROM blameless)
    GROUP BY line, finished_at
),

f5 AS (
    SELECT d.deployment_key, 'F5' AS rule, CAST(NULL AS VARCHAR) AS by_key, i.incident_key
    FROM blameless AS i
    ASOF JOIN latest AS d ON i.line = d.line AND i.started_at >= d.finished_at
    WHERE epoch(i.started_at) < epoch(d.finished_at)
        + (SELECT attribution_window_s FROM chosen_rules)
)

SELECT * FROM f1
UNION ALL SELECT * FROM f2
UNION ALL SELECT * FROM f3
UNION ALL SELECT * FROM f4
UNION ALL SELECT * FROM f5
