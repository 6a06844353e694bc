-- What policies decided on each digest of a production deployment, for its environment: the last
-- word of each policy before it began. What came too late, or is not shown to come before, stands
-- for itself; and so does a denial (`denies`) until that policy decides otherwise, as well assured
-- and shown to be before. `is_denied_since`: the same policy denied it later, in whichever words.
SELECT
    e.deployment_key, e.slot, e.position, e.occurred_at, e.timing, e.outcome, e.assurance,
    e.environment, f.enforcement,
    e.outcome = 'deny' AND e.timing <> 'after' AND coalesce(
        {'at': e.occurred_at, 'position': e.position} > max(
            {'at': e.occurred_at, 'position': e.position}
        ) FILTER (WHERE e.outcome IN ('allow', 'warn') AND e.timing = 'before') OVER (
            PARTITION BY e.deployment_key, e.slot, e.what, e.kind, f.tool, f.target
            ORDER BY list_position(['imported', 'asserted', 'observed', 'decided'], e.assurance) DESC
            RANGE UNBOUNDED PRECEDING
        ),
        TRUE
    ) AS denies,
    coalesce({'at': e.occurred_at, 'position': e.position} < max(
        {'at': e.occurred_at, 'position': e.position}
    ) FILTER (WHERE e.outcome = 'deny' AND e.timing <> 'after') OVER (
        PARTITION BY e.deployment_key, e.slot, e.what, e.kind, f.tool, f.target
    ), FALSE) AS is_denied_since
FROM slot_evidence AS e
INNER JOIN production_deployments AS d USING (deployment_key)
INNER JOIN policy_facts AS f USING (position)
WHERE e.what IN ('gate.decided', 'policy.evaluated', 'admission.decided')
    AND coalesce(e.environment, d.environment) = d.environment
QUALIFY denies OR row_number() OVER (
    PARTITION BY e.deployment_key, e.slot, e.what, e.kind, f.tool, f.target, e.timing
    ORDER BY e.occurred_at DESC, e.position DESC
) = 1
