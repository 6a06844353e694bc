-- R13: what stands behind each number of DORA and MTTR: one row a deployment, change or incident
-- that it was made of, by its role. A rate is its numerators by its denominators; every other
-- number is made of the values of its observations. What is left out of them has the role `open` or
-- `anomaly`.
WITH d AS (
    SELECT * FROM window_deployments WHERE counted
),

f AS (
    SELECT * FROM window_failures
),

upper_d AS (
    SELECT * FROM window_deployments WHERE counted OR impact_unknown
),

-- What failed has failed in each window and group that it stands in.
upper_f AS (
    SELECT *
    FROM upper_d
    WHERE impact_unknown OR deployment_key IN (SELECT deployment_key FROM f)
),

behind AS (
    -- R5: S.
    SELECT
        part, window_from, window_to, group_key, 'deployment_frequency' AS metric,
        'observation' AS role, deployment_key AS key, finished_s AS value, positions
    FROM d
    WHERE succeeded
    UNION ALL
    SELECT
        part, window_from, window_to, group_key, 'change_lead_time',
        CASE WHEN is_anomaly THEN 'anomaly' ELSE 'observation' END, line || ' ' || commit, lead_s,
        positions
    FROM window_lead_times
    WHERE lead_s IS NOT NULL
    UNION ALL
    -- R8, R9: F by D.
    SELECT
        part, window_from, window_to, group_key, 'change_fail_rate', 'denominator', deployment_key,
        1, positions
    FROM d
    UNION ALL
    SELECT
        part, window_from, window_to, group_key, 'change_fail_rate', 'numerator', deployment_key, 1,
        positions
    FROM f
    UNION ALL
    SELECT
        part, window_from, window_to, group_key, 'change_fail_rate_confirmed', 'denominator',
        deployment_key, 1, positions
    FROM d
    UNION ALL
    SELECT
        part, window_from, window_to, group_key, 'change_fail_rate_confirmed', 'numerator',
        deployment_key, 1, positions
    FROM f
    WHERE is_confirmed
    UNION ALL
    SELECT
        part, window_from, window_to, group_key, 'change_fail_rate_upper', 'denominator',
        deployment_key, 1, positions
    FROM upper_d
    UNION ALL
    SELECT
        part, window_from, window_to, group_key, 'change_fail_rate_upper', 'numerator',
        deployment_key, 1, positions
    FROM upper_f
    UNION ALL
    -- R10.
    SELECT
        part, window_from, window_to, group_key, 'rework_rate', 'denominator', deployment_key, 1,
        positions
    FROM d
    UNION ALL
    SELECT
        part, window_from, window_to, group_key, 'rework_rate', 'numerator', deployment_key, 1,
        positions
    FROM d
    WHERE succeeded AND kind IN ('rollback', 'hotfix')
    UNION ALL
    -- R11: of the same F.
    SELECT
        part, window_from, window_to, group_key, 'recovery_time',
        CASE
            WHEN recovery_s IS NULL THEN 'open'
            WHEN recovery_s < 0 THEN 'anomaly'
            ELSE 'observation'
        END, deployment_key, recovery_s, positions
    FROM f
    UNION ALL
    SELECT
        part, window_from, window_to, group_key, 'recovery_time_from_impact',
        CASE
            WHEN from_impact_s IS NULL THEN 'open'
            WHEN from_impact_s < 0 THEN 'anomaly'
            ELSE 'observation'
        END, deployment_key, from_impact_s, positions
    FROM f
    UNION ALL
    -- R12.
    SELECT
        part, window_from, window_to, group_key, 'mttr',
        CASE WHEN is_anomaly OR start_unknown THEN 'anomaly' ELSE 'observation' END, incident_key,
        impaired_s, positions
    FROM window_incidents
    UNION ALL
    SELECT
        part, window_from, window_to, group_key, 'mttr', 'open', incident_key, NULL, positions
    FROM open_incidents
)

SELECT
    part, window_from, window_to, group_key, metric, role, key,
    CAST(value AS DOUBLE) AS value,
    positions
FROM behind
