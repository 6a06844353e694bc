-- What policies decided on each digest of a production deployment, for its environment: the last
-- word of each policy before it began. What came too late, or is not shown to come before, stands
-- for itself.
SELECT
    e.deployment_key, e.slot, e.position, e.occurred_at, e.timing, e.outcome, e.assurance,
    e.environment, f.enforcement
FROM slot_evidence AS e
INNER JOIN production_deployments AS d USING (deployment_key)
INNER JOIN policy_facts AS f USING (position)
WHERE e.what IN ('gate.decided', 'policy.evaluated', 'admission.decided')
    AND coalesce(e.environment, d.environment) = d.environment
QUALIFY row_number() OVER (
    PARTITION BY e.deployment_key, e.slot, e.what, e.kind, f.tool, f.target, e.timing
    ORDER BY e.occurred_at DESC, e.position DESC
) = 1
