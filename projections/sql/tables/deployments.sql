-- Deployments: one row a deployment, of every line and source.
-- `counted` is what R4 counts, wherever in time: a success that is no redeploy, or a failure that
-- changed the target. Whether the environment is production is for who asks.
WITH remedied AS (
    -- Ids that a deployment names are those of its own line.
    SELECT
        d.deployment_key,
        list(r.deployment_key ORDER BY r.finished_at) AS remediates_keys
    FROM (SELECT deployment_key, line, unnest(remediates) AS id FROM deployment_lines) AS d
    INNER JOIN deployment_lines AS r ON d.line = r.line AND d.id = r.deployment
    WHERE r.counts_in_line
    GROUP BY d.deployment_key
),

named AS (
    SELECT d.deployment_key, any_value(r.deployment_key) AS rolls_back_key
    FROM deployment_lines AS d
    INNER JOIN deployment_lines AS r ON d.line = r.line AND d.rolls_back = r.deployment
    WHERE r.counts_in_line
    GROUP BY d.deployment_key
),

corroborated AS (
    SELECT corroborated_key AS deployment_key, count(*) AS corroborations
    FROM corroborations
    WHERE corroborated_key IS NOT NULL
    GROUP BY ALL
),

described AS (
    SELECT
        l.*,
        CASE
            WHEN s.is_redeploy THEN 'redeploy'
            ELSE coalesce(
                u.kind, l.stated_kind, CASE WHEN len(l.remediates) > 0 THEN 'hotfix' END, 'planned'
            )
        END AS kind,
        coalesce(l.stated_kind IS NOT NULL OR len(l.remediates) > 0, FALSE) AS kind_is_stated,
        t.target_key,
        t.blamed_key,
        n.rolls_back_key,
        coalesce(r.remediates_keys, []) AS remediates_keys,
        coalesce(c.corroborations, 0) AS corroborations
    FROM deployment_lines AS l
    LEFT JOIN line_steps AS s USING (deployment_key)
    LEFT JOIN line_units AS u USING (deployment_key)
    LEFT JOIN rollback_targets AS t USING (deployment_key)
    LEFT JOIN named AS n USING (deployment_key)
    LEFT JOIN remedied AS r USING (deployment_key)
    LEFT JOIN corroborated AS c USING (deployment_key)
)

SELECT
    deployment_key,
    line,
    service,
    environment,
    tier,
    tier_basis,
    team,
    repository,
    source,
    deployment,
    CASE WHEN succeeded THEN 'success' ELSE 'failure' END AS outcome,
    kind,
    kind_is_stated,
    started_at,
    first_exposed_at,
    finished_at,
    harmed_at,
    succeeded,
    impact_unknown,
    counts_in_line,
    line_source,
    counts_in_line AND (
        (succeeded AND (kind <> 'redeploy' OR (SELECT count_redeploys FROM parameters)))
        OR (NOT succeeded AND harmed_at IS NOT NULL)
    ) AS counted,
    attempts,
    attempts_failed,
    attempts_without_impact,
    components,
    artifacts,
    config,
    commit,
    release,
    run,
    actor,
    triggered_by,
    trigger,
    ticket,
    strategy,
    CAST(targets AS VARCHAR) AS targets,
    target_key,
    CASE WHEN kind = 'rollback' THEN coalesce(rolls_back_key, blamed_key) END AS rolls_back_key,
    CASE WHEN kind = 'rollback' AND rolls_back_key IS NOT NULL THEN TRUE ELSE FALSE END
        AS rolls_back_is_stated,
    remediates_keys,
    corroborations,
    assurance,
    positions,
    last_position
FROM described
