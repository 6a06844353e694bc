-- What was said of deployments: one row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "commits": ["VARCHAR"], "remediates": ["VARCHAR"], "deployment": "VARCHAR",
            "attempt": "VARCHAR", "component": "VARCHAR", "kind": "VARCHAR", "impact": "VARCHAR",
            "config": "VARCHAR", "rolls_back": "VARCHAR", "restores": "VARCHAR",
            "trigger": "VARCHAR", "triggered_by": "VARCHAR", "strategy": "VARCHAR",
            "targets": "JSON", "first_exposed_at": "VARCHAR", "started_at": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type IN (
        'pipeledger.deployment.started', 'pipeledger.deployment.progressed',
        'pipeledger.deployment.finished', 'pipeledger.deployment.assessed'
    )
)

SELECT
    position,
    recorded_at,
    occurred_at,
    split_part(type, '.', 3) AS what,
    assurance,
    principal,
    source,
    told.deployment,
    service,
    environment,
    -- R1: a line is a service in an environment. The last @ stands between the two, and no two
    -- environments are written alike.
    service || '@' || replace(replace(environment, '%', '%25'), '@', '%40') AS line,
    -- R2: an id is its source's. The same one on two lines is a deployment of each.
    replace(replace(service, '%', '%25'), ' ', '%20') || '@'
    || replace(replace(replace(environment, '%', '%25'), '@', '%40'), ' ', '%20')
    || ' ' || source || ' ' || told.deployment AS deployment_key,
    coalesce(TRY_CAST(told.attempt AS BIGINT), 1) AS attempt,
    told.component,
    repository,
    commit,
    release,
    run,
    actor,
    ticket,
    outcome,
    told.kind,
    told.impact,
    -- The set of artifacts, whichever way it was told; two equal sets are equal texts.
    list_sort(list_distinct([
        digest
        FOR digest IN list_append(
            from_json(event -> '$.data.artifacts[*].digest', '["VARCHAR"]'), artifact
        )
        IF digest IS NOT NULL
    ])) AS artifacts,
    told.config,
    told.commits,
    told.remediates,
    told.rolls_back,
    told.restores,
    told.trigger,
    told.triggered_by,
    told.strategy,
    told.targets,
    -- R15: whether it reached a target; null where its targets do not tell.
    CASE
        WHEN TRY_CAST(upper(told.first_exposed_at) AS TIMESTAMPTZ) IS NOT NULL
            THEN TRUE
        WHEN len(list_filter(
            from_json(told.targets, '[{"share": "DOUBLE", "outcome": "VARCHAR"}]'),
            lambda target: target.outcome = 'success'
                OR (target.share > 0 AND coalesce(target.outcome, '') NOT IN ('cancelled', 'skipped'))
        )) > 0 THEN TRUE
        WHEN len(list_filter(
            from_json(told.targets, '[{"share": "DOUBLE", "outcome": "VARCHAR"}]'),
            lambda target: target.outcome IN ('cancelled', 'skipped') OR target.share = 0
        )) = json_array_length(told.targets)
            AND json_array_length(told.targets) > 0 THEN FALSE
    END AS reached,
    TRY_CAST(upper(told.started_at) AS TIMESTAMPTZ) AS started_at,
    TRY_CAST(upper(told.first_exposed_at) AS TIMESTAMPTZ) AS first_exposed_at,
    time_basis,
    event IS NULL AS redacted
FROM said
