-- R6, R7, change lead time: over the changes whose deployment is in the window.
WITH observations AS (
    SELECT * FROM window_lead_times WHERE NOT is_anomaly AND lead_s IS NOT NULL
)

SELECT
    part, window_from, window_to, group_key,
    count(*) AS lead_n,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY lead_s) AS lead_median_s,
    percentile_cont(0.75) WITHIN GROUP (ORDER BY lead_s) AS lead_p75_s,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY lead_s) AS lead_p90_s,
    avg(lead_s) AS lead_mean_s,
    count(DISTINCT commit) AS distinct_commits,
    min(CASE WHEN path_filter THEN 'applied' ELSE 'none' END) AS path_filter
FROM observations
GROUP BY part, window_from, window_to, group_key
