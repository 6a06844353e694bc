-- Approvals for each digest that a production deployment brought: what is bound to that digest, or
-- to the deployment as a whole. `is_of_slot` is false where it is bound to the commit or release
-- that the deployment names, and the digest is said to be of another one (see deployment_slots):
-- unless it is of that deployment itself, whatever that brought.
SELECT
    s.deployment_key,
    s.slot,
    a.* EXCLUDE (deployment_key, artifact),
    a.artifact IS NOT NULL OR a.of_deployment OR CASE a.bound_by
        WHEN 'commit' THEN s.of_commit
        WHEN 'release' THEN s.of_release
        ELSE TRUE
    END AS is_of_slot
FROM deployment_slots AS s
INNER JOIN deployment_approvals AS a
    ON s.deployment_key = a.deployment_key AND (s.slot = a.artifact OR a.artifact IS NULL)
