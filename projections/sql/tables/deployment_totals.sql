-- One row a deployment: its components and attempts put together (R2).
WITH components AS (
    SELECT
        deployment_key,
        component_key,
        min(occurred_at) FILTER (WHERE succeeded) AS succeeded_at,
        max(occurred_at) AS ended_at,
        -- What stands there now is what was deployed with success last, or else tried last.
        arg_max(artifacts, weight) FILTER (WHERE len(artifacts) > 0) AS artifacts,
        arg_max(config, weight) AS config
    FROM (
        SELECT
            *, CASE WHEN succeeded THEN 1_000_000_000_000_000 + position ELSE position END AS weight
        FROM deployment_reports
    )
    GROUP BY deployment_key, component_key
),

totals AS (
    SELECT
        deployment_key,
        count(*) AS components,
        count(succeeded_at) = count(*) AS succeeded,
        CASE
            WHEN count(succeeded_at) = count(*) THEN max(succeeded_at)
            ELSE max(ended_at)
        END AS finished_at,
        list_sort(list_distinct(flatten(list(artifacts)))) AS artifacts,
        array_to_string(list_sort(list_distinct(list(config))), ' ') AS config
    FROM components
    GROUP BY deployment_key
),

attempts AS (
    SELECT
        deployment_key,
        count(*) AS attempts,
        -- R8 F1, R11: the first attempt that changed or degraded the target and failed.
        min(occurred_at) FILTER (WHERE had_impact) AS harmed_at,
        max(occurred_at) FILTER (WHERE had_impact) AS last_harmed_at,
        bool_or(NOT succeeded AND had_impact IS NULL) AS impact_unknown,
        count(*) FILTER (WHERE NOT succeeded) AS attempts_failed,
        count(*) FILTER (WHERE had_impact = FALSE) AS attempts_without_impact,
        list_sort(coalesce(list(DISTINCT repository) FILTER (WHERE repository IS NOT NULL), []))
            AS repositories,
        max(position) AS last_position
    FROM deployment_reports
    GROUP BY deployment_key
),

-- What is told of it in any of its events; a success outweighs another end, and that a beginning.
ranked AS (
    SELECT
        f.*,
        CASE
            WHEN f.outcome = 'success' THEN 2_000_000_000_000_000 + f.position
            WHEN f.what = 'finished' THEN 1_000_000_000_000_000 + f.position
            ELSE f.position
        END AS weight
    FROM deployment_facts AS f
    WHERE f.what <> 'assessed'
),

told AS (
    SELECT
        deployment_key,
        arg_min(line, position) AS line,
        arg_min(service, position) AS service,
        arg_min(environment, position) AS environment,
        arg_min(source, position) AS source,
        arg_min(deployment, position) AS deployment,
        bool_and(assurance = 'imported') AS imported,
        min(CASE assurance
            WHEN 'imported' THEN 1 WHEN 'asserted' THEN 2 WHEN 'observed' THEN 3
        END) AS least,
        min(position) AS first_position,
        list(position ORDER BY position) AS positions,
        min(coalesce(started_at, CASE WHEN what = 'started' THEN occurred_at END)) AS started_at,
        min(first_exposed_at) AS first_exposed_at,
        arg_max(kind, weight) AS stated_kind,
        arg_max(artifacts, weight) FILTER (WHERE len(artifacts) > 0) AS artifacts,
        arg_max(config, weight) AS config,
        arg_max(commit, weight) AS commit,
        arg_max(repository, weight) AS repository,
        arg_max(release, weight) AS release,
        arg_max(run, weight) AS run,
        arg_max(actor, weight) AS actor,
        arg_max(ticket, weight) AS ticket,
        arg_max(trigger, weight) AS trigger,
        arg_max(triggered_by, weight) AS triggered_by,
        arg_max(strategy, weight) AS strategy,
        arg_max(targets, weight) AS targets,
        arg_max(remediates, weight) AS remediates,
        arg_max(rolls_back, weight) AS rolls_back,
        arg_max(restores, weight) AS restores
    FROM ranked
    GROUP BY deployment_key
),

joined AS (
    SELECT
        told.* REPLACE (
            CASE WHEN len(totals.artifacts) > 0 THEN totals.artifacts ELSE told.artifacts END
                AS artifacts,
            coalesce(nullif(totals.config, ''), told.config) AS config,
            coalesce(a.remediates, told.remediates, []) AS remediates,
            coalesce(a.rolls_back, told.rolls_back) AS rolls_back,
            -- R3: what says what it takes back says with it that it is a rollback.
            coalesce(
                told.stated_kind,
                CASE WHEN coalesce(a.rolls_back, told.rolls_back) IS NOT NULL THEN 'rollback' END
            ) AS stated_kind,
            list_concat(told.positions, a.positions) AS positions
        ),
        totals.components,
        totals.succeeded,
        totals.finished_at,
        attempts.* EXCLUDE (deployment_key) REPLACE (
            -- Where no end names one, that of its beginning is what is known.
            CASE
                WHEN len(attempts.repositories) > 0 OR told.repository IS NULL
                    THEN attempts.repositories
                ELSE [told.repository]
            END AS repositories
        )
    FROM totals
    INNER JOIN attempts USING (deployment_key)
    INNER JOIN told USING (deployment_key)
    LEFT JOIN assessments AS a USING (deployment_key)
)

SELECT
    * EXCLUDE (least),
    CASE least WHEN 1 THEN 'imported' WHEN 2 THEN 'asserted' WHEN 3 THEN 'observed'
        ELSE 'decided' END AS assurance,
    -- R3, R4: what changed the target counts for what comes after it.
    succeeded OR harmed_at IS NOT NULL AS changed_target,
    -- What was deployed, to be compared: its artifacts, else its commit, else its release.
    coalesce(array_to_string(artifacts, ' '), commit, release) AS content,
    -- A version's name alone may be used for other bytes another time.
    artifacts IS NOT NULL OR commit IS NOT NULL AS is_exact
FROM joined
