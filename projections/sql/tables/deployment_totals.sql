-- One row a deployment: its components and attempts put together (R2).
WITH components AS (
    SELECT
        deployment_key,
        component_key,
        min(occurred_at) FILTER (WHERE succeeded) AS succeeded_at,
        max(occurred_at) AS ended_at
    FROM deployment_reports
    GROUP BY ALL
),

totals AS (
    SELECT
        deployment_key,
        count(*) AS components,
        count(succeeded_at) = count(*) AS succeeded,
        CASE
            WHEN count(succeeded_at) = count(*) THEN max(succeeded_at)
            ELSE max(ended_at)
        END AS finished_at
    FROM components
    GROUP BY deployment_key
),

begun AS (
    SELECT
        service || '@' || environment || ' ' || source || ' ' || deployment AS deployment_key,
        min(coalesce(started_at, CASE WHEN what = 'started' THEN occurred_at END)) AS started_at,
        min(first_exposed_at) AS first_exposed_at,
        min(position) AS first_position,
        list(position ORDER BY position) AS positions
    FROM deployment_facts
    WHERE what <> 'assessed'
    GROUP BY ALL
),

told AS (
    SELECT
        deployment_key,
        any_value(line) AS line,
        any_value(service) AS service,
        any_value(environment) AS environment,
        any_value(source) AS source,
        any_value(deployment) AS deployment,
        bool_and(assurance = 'imported') AS imported,
        arg_min(
            assurance, list_position(['imported', 'asserted', 'observed', 'decided'], assurance)
        ) AS assurance,
        count(*) AS attempts,
        arg_max(kind, position) FILTER (WHERE kind IS NOT NULL) AS stated_kind,
        list_sort(list_distinct(flatten(list(artifacts)))) AS artifacts,
        string_agg(DISTINCT config, ' ' ORDER BY config) AS config,
        arg_max(commit, position) FILTER (WHERE commit IS NOT NULL) AS commit,
        arg_max(repository, position) FILTER (WHERE repository IS NOT NULL) AS repository,
        arg_max(release, position) FILTER (WHERE release IS NOT NULL) AS release,
        arg_max(run, position) FILTER (WHERE run IS NOT NULL) AS run,
        arg_max(actor, position) FILTER (WHERE actor IS NOT NULL) AS actor,
        arg_max(ticket, position) FILTER (WHERE ticket IS NOT NULL) AS ticket,
        arg_max(trigger, position) FILTER (WHERE trigger IS NOT NULL) AS trigger,
        arg_max(triggered_by, position) FILTER (WHERE triggered_by IS NOT NULL) AS triggered_by,
        arg_max(strategy, position) FILTER (WHERE strategy IS NOT NULL) AS strategy,
        arg_max(targets, position) FILTER (WHERE targets IS NOT NULL) AS targets,
        arg_max(remediates, position) FILTER (WHERE remediates IS NOT NULL) AS remediates,
        arg_max(rolls_back, position) FILTER (WHERE rolls_back IS NOT NULL) AS rolls_back,
        -- R8 F1, R11: the first attempt that changed or degraded the target and failed.
        min(occurred_at) FILTER (WHERE had_impact) AS harmed_at,
        bool_or(NOT succeeded AND had_impact IS NULL) AS impact_unknown,
        count(*) FILTER (WHERE NOT succeeded) AS attempts_failed,
        count(*) FILTER (WHERE had_impact = FALSE) AS attempts_without_impact,
        max(position) AS last_position
    FROM deployment_reports
    GROUP BY deployment_key
),

assessed AS (
    SELECT
        deployment,
        service,
        environment,
        arg_max(remediates, position) FILTER (WHERE remediates IS NOT NULL) AS remediates,
        arg_max(rolls_back, position) FILTER (WHERE rolls_back IS NOT NULL) AS rolls_back
    FROM deployment_facts
    WHERE what = 'assessed'
    GROUP BY ALL
)

SELECT
    told.* REPLACE (
        coalesce(assessed.remediates, told.remediates, []) AS remediates,
        coalesce(assessed.rolls_back, told.rolls_back) AS rolls_back
    ),
    totals.components,
    totals.succeeded,
    totals.finished_at,
    begun.started_at,
    begun.first_exposed_at,
    begun.first_position,
    begun.positions,
    -- R3, R4: what changed the target counts for what comes after it.
    totals.succeeded OR told.harmed_at IS NOT NULL AS changed_target,
    -- What was deployed, to be compared: its artifacts, else its commit, else its release.
    CASE
        WHEN len(told.artifacts) > 0 THEN array_to_string(told.artifacts, ' ')
        ELSE coalesce(told.commit, told.release)
    END AS content
FROM told
INNER JOIN totals USING (deployment_key)
INNER JOIN begun USING (deployment_key)
LEFT JOIN assessed
    ON told.deployment = assessed.deployment
    AND coalesce(assessed.service, told.service) = told.service
    AND coalesce(assessed.environment, told.environment) = told.environment
