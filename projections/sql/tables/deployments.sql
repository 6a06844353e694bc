-- Deployments: one row a deployment, of every line and source.
-- `counted` is what R4 counts, wherever in time: a success that is no redeploy, or a deployment of
-- which an attempt failed and changed the target (R2). Whether the environment is production is for
-- who asks.
WITH links AS (
    SELECT
        deployment_key,
        list_sort(list(DISTINCT named_key) FILTER (
            WHERE link = 'remediates' AND named_key IS NOT NULL
        )) AS remediates_keys,
        any_value(named_key) FILTER (WHERE link = 'rolls_back') AS rolls_back_key
    FROM deployment_links
    GROUP BY deployment_key
),

corroborated AS (
    SELECT corroborated_key AS deployment_key, count(*) AS corroborations
    FROM corroborations
    GROUP BY corroborated_key
),

described AS (
    SELECT
        l.*,
        -- R3: what is stated wins over what is inferred.
        CASE
            WHEN s.is_redeploy THEN 'redeploy'
            WHEN u.is_rollback THEN 'rollback'
            WHEN l.stated_kind IS NOT NULL THEN l.stated_kind
            WHEN len(l.remediates) > 0 THEN 'hotfix'
            ELSE 'planned'
        END AS kind,
        l.stated_kind IS NOT NULL OR len(l.remediates) > 0 AS kind_is_stated,
        t.target_key,
        t.blamed_key,
        o.repositories AS source_repositories,
        k.rolls_back_key,
        coalesce(k.remediates_keys, []) AS remediates_keys,
        coalesce(c.corroborations, 0) AS corroborations
    FROM deployment_lines AS l
    INNER JOIN deployment_repositories AS o USING (deployment_key)
    LEFT JOIN line_steps AS s USING (deployment_key)
    LEFT JOIN line_units AS u USING (deployment_key)
    LEFT JOIN rollback_targets AS t USING (deployment_key)
    LEFT JOIN links AS k USING (deployment_key)
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
    source_repositories AS repositories,
    source,
    deployment,
    CASE WHEN succeeded THEN 'success' ELSE 'failure' END AS outcome,
    kind,
    kind_is_stated,
    started_at,
    first_exposed_at,
    finished_at,
    harmed_at,
    last_harmed_at,
    succeeded,
    impact_unknown,
    counts_in_line,
    line_source,
    counts_in_line AND (
        (succeeded AND (kind <> 'redeploy' OR (SELECT count_redeploys FROM chosen_rules)))
        OR harmed_at IS NOT NULL
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
    -- R8 F3: one that is named but not known is not replaced by another one.
    CASE
        WHEN kind <> 'rollback' THEN NULL
        WHEN rolls_back IS NOT NULL THEN rolls_back_key
        ELSE blamed_key
    END AS rolls_back_key,
    kind = 'rollback' AND rolls_back_key IS NOT NULL AS rolls_back_is_stated,
    remediates_keys,
    corroborations,
    assurance,
    positions,
    last_position
FROM described
-- Who asks for a window or for the newest then reads no more than that.
ORDER BY finished_at DESC
