-- R12, mean time to restore: over the incidents that ended in the window, whatever caused them.
WITH ended AS (
    SELECT * FROM window_incidents WHERE NOT is_anomaly AND NOT start_unknown
),

totals AS (
    SELECT
        part, window_from, window_to, group_key,
        count(*) AS incidents,
        avg(impaired_s) AS mttr_s,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY impaired_s) AS median_s,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY impaired_s) AS p90_s,
        count(CASE WHEN derived THEN 1 END) AS derived_from_alerts
    FROM ended
    GROUP BY part, window_from, window_to, group_key
),

others AS (
    SELECT
        part, window_from, window_to, group_key,
        count(CASE WHEN is_anomaly THEN 1 END) AS anomalies,
        count(CASE WHEN start_unknown THEN 1 END) AS start_unknown
    FROM window_incidents
    GROUP BY part, window_from, window_to, group_key
)

SELECT
    g.part, g.window_from, g.window_to, g.group_key,
    coalesce(t.incidents, 0) AS incidents,
    t.mttr_s,
    t.median_s,
    t.p90_s,
    coalesce(n.open, 0) AS open,
    coalesce(o.anomalies, 0) AS anomalies,
    coalesce(o.start_unknown, 0) AS start_unknown,
    coalesce(t.derived_from_alerts, 0) AS derived_from_alerts,
    coalesce(t.incidents < 5, TRUE) AS few
FROM window_groups AS g
LEFT JOIN totals AS t USING (part, window_from, group_key)
LEFT JOIN others AS o USING (part, window_from, group_key)
LEFT JOIN window_open_incidents AS n USING (part, window_from, group_key)
