-- The five metrics side by side: one row a window and group. Bands are those of the DORA quick
-- check (6 best); each metric has its own, and none is blended.
WITH joined AS (
    SELECT
        q.*,
        coalesce(l.lead_n, 0) AS lead_n,
        l.lead_median_s, l.lead_p75_s, l.lead_p90_s, l.lead_mean_s,
        coalesce(l.distinct_commits, 0) AS distinct_commits,
        coalesce(l.path_filter, 'none') AS path_filter,
        coalesce(n.negative_lead_times, 0) AS negative_lead_times,
        coalesce(u.unresolved, 0) AS unresolved,
        coalesce(c.counted, 0) AS counted,
        coalesce(c.failed, 0) AS failed,
        coalesce(c.failed_confirmed, 0) AS failed_confirmed,
        coalesce(c.failed_stated, 0) AS failed_stated,
        coalesce(c.failed_by_rollback, 0) AS failed_by_rollback,
        coalesce(c.failed_by_hotfix, 0) AS failed_by_hotfix,
        coalesce(c.failed_inferred, 0) AS failed_inferred,
        coalesce(c.attempts_failed, 0) AS attempts_failed,
        coalesce(c.impact_unknown, 0) AS impact_unknown,
        coalesce(c.upper_failed, 0) AS upper_failed,
        coalesce(c.upper_counted, 0) AS upper_counted,
        coalesce(c.reworked, 0) AS reworked,
        coalesce(c.unattributed_hotfixes, 0) AS unattributed_hotfixes,
        c.change_fail_rate, c.change_fail_rate_confirmed, c.change_fail_rate_upper, c.rework_rate,
        coalesce(r.recovered, 0) AS recovered,
        coalesce(r.unrecovered, 0) AS unrecovered,
        coalesce(r.recovery_anomalies, 0) AS recovery_anomalies,
        r.recovery_median_s, r.recovery_p90_s, r.recovery_mean_s,
        r.from_impact_median_s, r.from_impact_p90_s, r.from_impact_mean_s
    FROM deployment_frequency AS q
    LEFT JOIN change_lead_time AS l USING (part, window_from, group_key)
    LEFT JOIN change_failures AS c USING (part, window_from, group_key)
    LEFT JOIN deployment_recovery AS r USING (part, window_from, group_key)
    LEFT JOIN (
        SELECT part, window_from, window_to, group_key, count(*) AS negative_lead_times
        FROM window_lead_times
        WHERE is_anomaly
        GROUP BY part, window_from, window_to, group_key
    ) AS n USING (part, window_from, group_key)
    LEFT JOIN (
        SELECT d.part, d.window_from, d.window_to, d.group_key, count(*) AS unresolved
        FROM window_deployments AS d
        INNER JOIN unresolved_deployments AS u ON d.deployment_key = u.deployment_key
        WHERE u.is_unresolved
        GROUP BY d.part, d.window_from, d.window_to, d.group_key
    ) AS u USING (part, window_from, group_key)
)

SELECT
    *,
    CASE
        WHEN deployments_per_day > 1 THEN 'on demand'
        WHEN deployments_per_day >= 1.0 / 7 THEN '4'
        WHEN deployments_per_day >= 1.0 / 30.4375 THEN '3'
        WHEN deployments_per_day >= 1.0 / 182.625 THEN '2'
        ELSE '1'
    END AS frequency_band,
    CASE
        WHEN lead_median_s IS NULL THEN NULL
        WHEN lead_median_s < 3600 THEN 6
        WHEN lead_median_s < 86400 THEN 5
        WHEN lead_median_s < 7 * 86400 THEN 4
        WHEN lead_median_s < 30.4375 * 86400 THEN 3
        WHEN lead_median_s < 182.625 * 86400 THEN 2
        ELSE 1
    END AS lead_band,
    CASE
        WHEN recovery_median_s IS NULL THEN NULL
        WHEN recovery_median_s < 3600 THEN 6
        WHEN recovery_median_s < 86400 THEN 5
        WHEN recovery_median_s < 7 * 86400 THEN 4
        WHEN recovery_median_s < 30.4375 * 86400 THEN 3
        WHEN recovery_median_s < 182.625 * 86400 THEN 2
        ELSE 1
    END AS recovery_band,
    counted < 5 AS few_deployments,
    lead_n < 5 AS few_changes,
    recovered < 5 AS few_recoveries
FROM joined
