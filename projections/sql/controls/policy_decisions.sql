-- Decisions of policies, gates and admission, each with the version of its policy: as it says, or
-- as the policy had been published by then. One row a decision.
WITH decisions AS (
    SELECT *, coalesce(policy, id) AS name, least(occurred_at, recorded_at) AS decided_at
    FROM policy_facts
    WHERE what IN ('gate.decided', 'policy.evaluated', 'admission.decided')
),

published AS (
    SELECT policy AS name, coalesce(effective_from, occurred_at, recorded_at) AS since, policy_digest
    FROM policy_facts
    WHERE what = 'policy.published' AND policy IS NOT NULL
)

SELECT
    d.*,
    coalesce(d.policy_digest, p.policy_digest) AS version_digest
FROM decisions AS d
ASOF LEFT JOIN published AS p ON d.name = p.name AND d.decided_at >= p.since
