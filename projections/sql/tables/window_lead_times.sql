-- The changes of each window and group, by the deployment that they are credited to (R6, R13).
SELECT
    d.part,
    d.window_from,
    d.window_to,
    d.group_key,
    l.deployment_key,
    l.line,
    l.commit,
    l.change_key,
    l.lead_s,
    l.is_anomaly,
    l.path_filter,
    l.positions
FROM lead_times AS l
INNER JOIN window_deployments AS d USING (deployment_key)
