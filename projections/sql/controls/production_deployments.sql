-- The population of most tests: every deployment to production, succeeded or failed, by the source
-- that counts on its line; `in_window` where it ended in the window.
-- Production is what is production now or was when the deployment was recorded: an environment that
-- is called a test afterwards takes nothing out of the population.
WITH registered_then AS (
    SELECT
        d.deployment_key,
        arg_max(r.tier, r.position) AS tier
    FROM deployments AS d
    INNER JOIN register_facts AS r
        ON d.environment = r.environment AND r.what = 'environment.registered'
        AND r.position < d.last_position AND r.tier IS NOT NULL
        AND coalesce(r.effective_from, r.occurred_at, r.recorded_at) <= d.finished_at
        AND coalesce(r.basis, 'operator') <> 'name'
    GROUP BY d.deployment_key
)

SELECT
    d.* EXCLUDE (finished_at),
    b.finished_at,
    b.began_at,
    b.recorded_at,
    b.first_position,
    b.is_dated,
    b.finished_at >= (SELECT window_from FROM parameters)
        AND b.finished_at < (SELECT window_to FROM parameters) AS in_window
FROM deployments AS d
INNER JOIN deployment_beginnings AS b USING (deployment_key)
LEFT JOIN registered_then AS t USING (deployment_key)
LEFT JOIN environment_sightings AS s USING (environment)
WHERE d.counts_in_line
    AND (d.tier = 'production' OR coalesce(t.tier, s.tier_by_name) = 'production')
