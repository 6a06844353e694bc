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
        max(f.occurred_at) AS occurred_at,
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
        min(coalesce(f.started_at, f.occurred_at)) AS occurred_at,
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
        max(coalesce(f.merged_at, f.occurred_at)) AS occurred_at,
        any_value(f.assurance) AS assurance,
        list_concat(list(f.position ORDER BY f.position), list(g.voided_by ORDER BY g.voided_by))
            AS positions
    FROM all_change_facts AS f
    INNER JOIN gone AS g USING (position)
    WHERE f.what = 'merged' AND f.number IS NOT NULL
    GROUP BY ALL
)

SELECT
    'deployment' AS item, d.deployment_key AS item_key, d.service, d.environment, d.repository, d.occurred_at,
    d.assurance, d.positions
FROM deployed AS d
LEFT JOIN environments AS e
    ON d.environment = e.environment AND d.occurred_at >= e.effective_from AND d.occurred_at < e.effective_until
WHERE d.deployment_key NOT IN (SELECT deployment_key FROM deployments)
    AND e.tier = 'production'
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
