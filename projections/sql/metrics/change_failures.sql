-- R4, R8 to R10: counted deployments D, failed ones F, change fail rate, rework rate. A rate
-- without a denominator is null, never zero.
WITH d AS (
    SELECT
        part, window_from, window_to, group_key,
        count(CASE WHEN counted THEN 1 END) AS counted,
        count(CASE WHEN counted AND succeeded AND kind IN ('rollback', 'hotfix') THEN 1 END) AS reworked,
        count(CASE WHEN counted AND succeeded AND kind = 'hotfix' AND remedied = 0 THEN 1 END) AS unattributed_hotfixes,
        CAST(sum(attempts_without_impact) AS BIGINT) AS attempts_failed,
        count(CASE WHEN impact_unknown THEN 1 END) AS impact_unknown,
        count(CASE WHEN counted OR impact_unknown THEN 1 END) AS upper_counted
    FROM window_deployments
    GROUP BY part, window_from, window_to, group_key
),

f AS (
    SELECT
        part, window_from, window_to, group_key,
        count(*) AS failed,
        count(CASE WHEN is_confirmed THEN 1 END) AS failed_confirmed,
        count(CASE WHEN by_statement THEN 1 END) AS failed_stated,
        count(CASE WHEN by_rollback THEN 1 END) AS failed_by_rollback,
        count(CASE WHEN by_hotfix THEN 1 END) AS failed_by_hotfix,
        count(CASE WHEN by_inference THEN 1 END) AS failed_inferred
    FROM window_failures
    GROUP BY part, window_from, window_to, group_key
),

-- Those of unstated impact that are not failed for another reason.
doubtful AS (
    SELECT
        part, window_from, window_to, group_key,
        count(*) AS doubtful
    FROM window_deployments
    WHERE impact_unknown AND deployment_key NOT IN (SELECT deployment_key FROM window_failures)
    GROUP BY part, window_from, window_to, group_key
)

SELECT
    d.part, d.window_from, d.window_to, d.group_key,
    d.counted,
    coalesce(f.failed, 0) AS failed,
    coalesce(f.failed_confirmed, 0) AS failed_confirmed,
    coalesce(f.failed_stated, 0) AS failed_stated,
    coalesce(f.failed_by_rollback, 0) AS failed_by_rollback,
    coalesce(f.failed_by_hotfix, 0) AS failed_by_hotfix,
    coalesce(f.failed_inferred, 0) AS failed_inferred,
    d.attempts_failed,
    d.impact_unknown,
    coalesce(f.failed, 0) + coalesce(o.doubtful, 0) AS upper_failed,
    d.upper_counted,
    d.reworked,
    d.unattributed_hotfixes,
    coalesce(f.failed, 0) / nullif(CAST(d.counted AS DOUBLE), 0) AS change_fail_rate,
    coalesce(f.failed_confirmed, 0) / nullif(CAST(d.counted AS DOUBLE), 0)
        AS change_fail_rate_confirmed,
    (coalesce(f.failed, 0) + coalesce(o.doubtful, 0)) / nullif(CAST(d.upper_counted AS DOUBLE), 0)
        AS change_fail_rate_upper,
    d.reworked / nullif(CAST(d.counted AS DOUBLE), 0) AS rework_rate
FROM d
LEFT JOIN f USING (part, window_from, group_key)
LEFT JOIN doubtful AS o USING (part, window_from, group_key)
