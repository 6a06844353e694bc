-- The failed deployments of each window and group, by the deployment's own finish (R8, R11).
SELECT
    d.part,
    d.window_from,
    d.window_to,
    d.group_key,
    f.deployment_key,
    f.rules,
    list_contains(f.rules, 'F1') OR list_contains(f.rules, 'F2') AS by_statement,
    list_contains(f.rules, 'F3') AS by_rollback,
    list_contains(f.rules, 'F4') AS by_hotfix,
    list_contains(f.rules, 'F5') AS by_inference,
    f.is_confirmed,
    f.recovery_s,
    f.from_impact_s,
    f.recovered_by,
    f.positions
FROM failures AS f
INNER JOIN window_deployments AS d USING (deployment_key)
