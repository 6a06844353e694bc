-- Changes that went ahead before their approval: one row an emergency. Approvals afterwards name
-- it in their column `emergency`.
SELECT
    id AS emergency,
    arg_max(incident, position) AS incident,
    min(recorded_at) AS declared_at,
    arg_min(principal, position) AS declared_by,
    coalesce(list_transform(
        arg_max(subjects, position) FILTER (WHERE len(subjects) > 0),
        lambda one: one.kind || coalesce(' ' || coalesce(one.digest, one.commit, one.release), '')
    ), []) AS subjects,
    coalesce(
        arg_max(environments, position),
        CASE WHEN max(environment) IS NOT NULL THEN [max(environment)] END, []
    ) AS environments,
    arg_max(service, position) AS service,
    arg_max(ticket, position) AS ticket,
    max(approve_until) AS approve_until,
    list(position ORDER BY position) AS positions
FROM policy_facts
WHERE what = 'emergency.declared' AND id IS NOT NULL
GROUP BY id
