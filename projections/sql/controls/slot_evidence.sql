-- Evidence for each digest that a production deployment brought: what is about that digest, or
-- about the deployment as a whole where it holds for the digest (see deployment_slots).
SELECT
    s.deployment_key,
    s.slot,
    e.* EXCLUDE (deployment_key, artifact)
FROM deployment_slots AS s
INNER JOIN deployment_evidence AS e
    ON s.deployment_key = e.deployment_key AND s.slot = e.artifact
UNION
SELECT
    s.deployment_key,
    s.slot,
    e.* EXCLUDE (deployment_key, artifact)
FROM deployment_slots AS s
INNER JOIN deployment_evidence AS e
    ON s.deployment_key = e.deployment_key AND e.artifact IS NULL
WHERE s.of_commit OR e.bound_by <> 'commit'
