-- Deployments that began, or ended without having changed anything, and so are none (R2): one row
-- each, for whoever asks for one by its id. `outcome` is null where no end is known.
SELECT
    deployment_key,
    any_value(service) AS service,
    any_value(environment) AS environment,
    any_value(source) AS source,
    any_value(deployment) AS deployment,
    list_sort(list_distinct(flatten(list(artifacts)))) AS artifacts,
    arg_max(commit, position) AS commit,
    arg_max(ticket, position) AS ticket,
    arg_max(run, position) AS run,
    arg_max(coalesce(triggered_by, actor), position) AS person,
    max(occurred_at) AS happened_at,
    arg_max(outcome, position) AS outcome,
    arg_min(assurance, list_position(
        ['imported', 'asserted', 'observed', 'decided'], assurance
    )) AS assurance,
    list(position ORDER BY position) AS positions
FROM deployment_facts
ANTI JOIN deployments USING (deployment_key)
WHERE what <> 'assessed' AND deployment_key IS NOT NULL
GROUP BY deployment_key
