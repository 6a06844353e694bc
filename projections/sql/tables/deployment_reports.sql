-- Each report that a deployment, or a component of it, ended, with its impact as it counts.
-- R2: cancelled or skipped before the target was changed is no deployment.
-- R14: a later assessment restates the impact of what failed. R15: what was aborted after it was
-- exposed changed the target; what was aborted before did not.
WITH assessed AS (
    SELECT
        deployment,
        service,
        environment,
        arg_max(impact, position) FILTER (WHERE impact IS NOT NULL) AS impact
    FROM deployment_facts
    WHERE what = 'assessed'
    GROUP BY ALL
),

exposed AS (
    SELECT
        position,
        len(list_filter(
            from_json(targets, '[{"share": "DOUBLE", "outcome": "VARCHAR"}]'),
            lambda target: target.outcome = 'success' OR target.share > 0
        )) > 0 AS on_a_target
    FROM deployment_facts
    WHERE what = 'finished' AND targets IS NOT NULL
),

reports AS (
    SELECT
        f.*,
        f.service || '@' || f.environment AS line,
        -- The same id may be used for several environments: each line has its own deployment.
        f.service || '@' || f.environment || ' ' || f.source || ' ' || f.deployment
            AS deployment_key,
        f.outcome = 'success' AS succeeded,
        CASE
            WHEN f.outcome = 'success' THEN NULL
            WHEN a.impact IN ('true', 'false') THEN a.impact = 'true'
            WHEN f.impact IN ('true', 'false') THEN f.impact = 'true'
            WHEN f.first_exposed_at IS NOT NULL OR e.on_a_target THEN TRUE
            WHEN e.on_a_target IS NOT NULL OR f.outcome IN ('cancelled', 'skipped') THEN FALSE
        END AS had_impact
    FROM deployment_facts AS f
    LEFT JOIN exposed AS e USING (position)
    LEFT JOIN assessed AS a
        ON f.deployment = a.deployment
        AND coalesce(a.service, f.service) = f.service
        AND coalesce(a.environment, f.environment) = f.environment
    WHERE f.what = 'finished'
        AND f.service IS NOT NULL AND f.environment IS NOT NULL AND f.deployment IS NOT NULL
        AND f.occurred_at IS NOT NULL
)

SELECT
    *,
    -- R2: components are told apart by name, else by repository and artifacts.
    coalesce(component, coalesce(repository, '') || ' ' || array_to_string(artifacts, ' '))
        AS component_key
FROM reports
WHERE outcome NOT IN ('cancelled', 'skipped') OR had_impact
