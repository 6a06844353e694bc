-- Every digest that was deployed to production in the window: one row a line and digest, with the
-- first deployment of the window that brought it. Where a deployment names no digest, it stands
-- itself.
SELECT *
FROM (
    SELECT
        d.line,
        l.slot AS artifact,
        coalesce(d.line || ' ' || l.slot, d.deployment_key) AS item_key,
        d.deployment_key,
        d.service,
        d.team,
        d.environment,
        d.repository,
        d.finished_at,
        d.is_dated,
        d.assurance,
        d.positions
    FROM production_deployments AS d
    INNER JOIN deployment_slots AS l USING (deployment_key)
    WHERE d.in_window
)
QUALIFY row_number() OVER (PARTITION BY item_key ORDER BY finished_at, deployment_key) = 1
