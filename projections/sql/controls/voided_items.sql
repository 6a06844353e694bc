-- What was voided altogether, so that no population holds it any more: one row a thing, with the
-- entries that told of it and those that voided them.
WITH gone AS (
    SELECT voided AS position, position AS voided_by
    FROM corrections
    WHERE voided IS NOT NULL
),

deployed AS (
    SELECT
        f.deployment_key,
        any_value(f.service) AS service,
        any_value(f.environment) AS environment,
        any_value(f.repository) AS repository,
        max(least(f.occurred_at, f.recorded_at)) AS occurred_at,
        bool_or(f.outcome <> 'success' OR f.kind = 'rollback') AS was_failure,
        arg_min(f.assurance, list_position(
            ['imported', 'asserted', 'observed', 'decided'], f.assurance
        )) AS assurance,
        list_concat(list(f.position ORDER BY f.position), list(g.voided_by ORDER BY g.voided_by))
            AS positions
    FROM all_deployment_facts AS f
    INNER JOIN gone AS g USING (position)
    WHERE f.what = 'finished' AND f.deployment_key IS NOT NULL
    GROUP BY f.deployment_key
),

impaired AS (
    SELECT
        source || ' ' || incident AS incident_key,
        any_value(f.service) AS service,
        any_value(f.environment) AS environment,
        min(least(coalesce(f.started_at, f.occurred_at), f.recorded_at)) AS occurred_at,
        any_value(f.assurance) AS assurance,
        list_concat(list(f.position ORDER BY f.position), list(g.voided_by ORDER BY g.voided_by))
            AS positions
    FROM all_incident_facts AS f
    INNER JOIN gone AS g USING (position)
    WHERE f.what = 'opened' AND f.incident IS NOT NULL
    GROUP BY ALL
),

merged AS (
    SELECT
        repository || '#' || number AS change_key,
        any_value(f.service) AS service,
        any_value(f.repository) AS repository,
        max(least(coalesce(f.merged_at, f.occurred_at), f.recorded_at)) AS occurred_at,
        any_value(f.assurance) AS assurance,
        list_concat(list(f.position ORDER BY f.position), list(g.voided_by ORDER BY g.voided_by))
            AS positions
    FROM all_change_facts AS f
    INNER JOIN gone AS g USING (position)
    WHERE f.what = 'merged' AND f.number IS NOT NULL
    GROUP BY ALL
),

-- As for what still counts, production is also what was it when the deployment was recorded.
registered_then AS (
    SELECT d.deployment_key, arg_max(r.tier, r.position) AS tier
    FROM deployed AS d
    INNER JOIN register_facts AS r
        ON d.environment = r.environment AND r.what = 'environment.registered'
        AND r.position < d.positions[1] AND r.tier IS NOT NULL
        AND coalesce(r.effective_from, r.occurred_at, r.recorded_at) <= d.occurred_at
        AND coalesce(r.basis, 'operator') <> 'name'
    GROUP BY d.deployment_key
),

in_production AS (
    SELECT d.*
    FROM deployed AS d
    INNER JOIN environments AS e
        ON d.environment = e.environment
        AND d.occurred_at >= e.effective_from AND d.occurred_at < e.effective_until
    LEFT JOIN registered_then AS t USING (deployment_key)
    LEFT JOIN environment_sightings AS s ON d.environment = s.environment
    WHERE d.deployment_key NOT IN (SELECT deployment_key FROM deployments)
        AND (e.tier = 'production' OR coalesce(t.tier, s.tier_by_name) = 'production')
),

-- What is one event each.
told AS (
    SELECT
        'emergency' AS item, id AS item_key, service, environment, repository,
        recorded_at AS occurred_at, assurance, position
    FROM all_policy_facts
    WHERE what = 'emergency.declared' AND id IS NOT NULL
        AND id NOT IN (SELECT emergency FROM emergencies)
    UNION ALL
    SELECT
        'decision', concat_ws(' ', coalesce(policy, id), position), service, environment, repository,
        least(occurred_at, recorded_at), assurance, position
    FROM all_policy_facts
    WHERE what IN ('gate.decided', 'policy.evaluated', 'admission.decided')
    UNION ALL
    SELECT
        'push', concat_ws(' ', repository, r.ref, r.position), NULL, NULL, repository,
        least(r.occurred_at, r.recorded_at), r.assurance, r.position
    FROM all_ref_facts AS r
    INNER JOIN protected_branches AS b USING (repository)
    WHERE regexp_replace(r.ref, '^refs/heads/', '') = b.branch
    UNION ALL
    SELECT
        'protection', concat_ws(' ', repository, ref, position), NULL, NULL, repository,
        least(occurred_at, recorded_at), assurance, position
    FROM all_protection_facts
    WHERE repository IS NOT NULL
    UNION ALL
    SELECT
        'snapshot', concat_ws(' ', environment, position), NULL, environment, NULL,
        least(occurred_at, recorded_at), assurance, position
    FROM all_snapshot_facts
    WHERE environment IS NOT NULL
    UNION ALL
    SELECT
        'comparison', concat_ws(' ', repository, position), NULL, NULL, repository,
        least(occurred_at, recorded_at), assurance, position
    FROM all_reconciliation_facts
    UNION ALL
    SELECT item, item_key, service, environment, repository, occurred_at, assurance, position
    FROM voided_records
)

SELECT
    unnest(['deployment', 'failure'][1:CASE WHEN was_failure THEN 2 ELSE 1 END]) AS item,
    deployment_key AS item_key, service, environment, repository, occurred_at, assurance, positions
FROM in_production
UNION ALL BY NAME
SELECT
    t.* EXCLUDE (position),
    [t.position, g.voided_by] AS positions
FROM told AS t
INNER JOIN gone AS g USING (position)
UNION ALL BY NAME
SELECT
    'incident' AS item, incident_key AS item_key, service, environment, occurred_at, assurance, positions
FROM impaired
WHERE incident_key NOT IN (SELECT incident_key FROM incidents)
UNION ALL BY NAME
SELECT
    'change' AS item, change_key AS item_key, service, repository, occurred_at, assurance, positions
FROM merged
WHERE change_key NOT IN (SELECT change_key FROM changes WHERE state = 'merged')
