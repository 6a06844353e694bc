-- R11, failed deployment recovery time, of the same failed deployments as the change fail rate.
-- What ended before it began is an anomaly and is left out.
SELECT
    part, window_from, window_to, group_key,
    count(CASE WHEN recovery_s >= 0 THEN 1 END) AS recovered,
    count(CASE WHEN recovery_s IS NULL THEN 1 END) AS unrecovered,
    count(CASE WHEN recovery_s < 0 THEN 1 END) AS recovery_anomalies,
    percentile_cont(0.5) WITHIN GROUP (
        ORDER BY CASE WHEN recovery_s >= 0 THEN recovery_s END
    ) AS recovery_median_s,
    percentile_cont(0.9) WITHIN GROUP (
        ORDER BY CASE WHEN recovery_s >= 0 THEN recovery_s END
    ) AS recovery_p90_s,
    avg(CASE WHEN recovery_s >= 0 THEN recovery_s END) AS recovery_mean_s,
    percentile_cont(0.5) WITHIN GROUP (
        ORDER BY CASE WHEN from_impact_s >= 0 THEN from_impact_s END
    ) AS from_impact_median_s,
    percentile_cont(0.9) WITHIN GROUP (
        ORDER BY CASE WHEN from_impact_s >= 0 THEN from_impact_s END
    ) AS from_impact_p90_s,
    avg(CASE WHEN from_impact_s >= 0 THEN from_impact_s END) AS from_impact_mean_s
FROM window_failures
GROUP BY part, window_from, window_to, group_key
