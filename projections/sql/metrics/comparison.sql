-- R16: a window beside another one. Frequency as how many times as often, durations as a change in
-- per cent, rates as a difference in percentage points. It claims no cause.
SELECT
    w.group_key,
    w.deployments_per_day / nullif(b.deployments_per_day, 0) AS frequency_times,
    100 * (w.lead_median_s / nullif(b.lead_median_s, 0) - 1) AS lead_change_percent,
    100 * (w.recovery_median_s / nullif(b.recovery_median_s, 0) - 1) AS recovery_change_percent,
    100 * (m.mttr_s / nullif(n.mttr_s, 0) - 1) AS mttr_change_percent,
    100 * (w.change_fail_rate - b.change_fail_rate) AS change_fail_points,
    100 * (w.rework_rate - b.rework_rate) AS rework_points,
    -- R13: of frequency and rates; each of the others rests on what it counts itself.
    w.few_deployments OR b.few_deployments AS few,
    w.few_changes OR b.few_changes AS few_changes,
    w.few_recoveries OR b.few_recoveries AS few_recoveries,
    m.few OR n.few AS few_incidents
FROM dora AS w
INNER JOIN dora AS b ON w.group_key = b.group_key AND b.part = 'baseline'
INNER JOIN mttr AS m ON w.group_key = m.group_key AND m.part = 'window'
INNER JOIN mttr AS n ON w.group_key = n.group_key AND n.part = 'baseline'
WHERE w.part = 'window'
