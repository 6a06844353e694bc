-- What was said of deployments: one row an event.
SELECT
    position,
    recorded_at,
    occurred_at,
    split_part(type, '.', 3) AS what,
    assurance,
    principal,
    source,
    event ->> '$.data.deployment' AS deployment,
    service,
    environment,
    -- R1: a line is a service in an environment. The last @ stands between the two.
    service || '@' || replace(environment, '@', '%40') AS line,
    -- R2: an id is its source's. The same one on two lines is a deployment of each.
    replace(service || '@' || replace(environment, '@', '%40'), ' ', '%20')
    || ' ' || source || ' ' || (event ->> '$.data.deployment') AS deployment_key,
    coalesce(TRY_CAST(event ->> '$.data.attempt' AS BIGINT), 1) AS attempt,
    event ->> '$.data.component' AS component,
    repository,
    commit,
    release,
    run,
    actor,
    ticket,
    outcome,
    event ->> '$.data.kind' AS kind,
    event ->> '$.data.impact' AS impact,
    -- The set of artifacts, whichever way it was told; two equal sets are equal texts.
    list_sort(list_distinct([
        digest
        FOR digest IN list_append(
            from_json(event -> '$.data.artifacts[*].digest', '["VARCHAR"]'), artifact
        )
        IF digest IS NOT NULL
    ])) AS artifacts,
    event ->> '$.data.config' AS config,
    from_json(event -> '$.data.commits', '["VARCHAR"]') AS commits,
    from_json(event -> '$.data.remediates', '["VARCHAR"]') AS remediates,
    event ->> '$.data.rolls_back' AS rolls_back,
    event ->> '$.data.restores' AS restores,
    event ->> '$.data.trigger' AS trigger,
    event ->> '$.data.triggered_by' AS triggered_by,
    event ->> '$.data.strategy' AS strategy,
    event -> '$.data.targets' AS targets,
    -- R15: whether it reached a target; null where its targets do not tell.
    CASE
        WHEN TRY_CAST(upper(event ->> '$.data.first_exposed_at') AS TIMESTAMPTZ) IS NOT NULL
            THEN TRUE
        WHEN len(list_filter(
            from_json(event -> '$.data.targets', '[{"share": "DOUBLE", "outcome": "VARCHAR"}]'),
            lambda target: target.outcome = 'success'
                OR (target.share > 0 AND coalesce(target.outcome, '') NOT IN ('cancelled', 'skipped'))
        )) > 0 THEN TRUE
        WHEN len(list_filter(
            from_json(event -> '$.data.targets', '[{"share": "DOUBLE", "outcome": "VARCHAR"}]'),
            lambda target: coalesce(
                target.outcome IN ('cancelled', 'skipped') OR target.share = 0, FALSE
            )
        )) = json_array_length(event -> '$.data.targets')
            AND json_array_length(event -> '$.data.targets') > 0 THEN FALSE
    END AS reached,
    TRY_CAST(upper(event ->> '$.data.started_at') AS TIMESTAMPTZ) AS started_at,
    TRY_CAST(upper(event ->> '$.data.first_exposed_at') AS TIMESTAMPTZ) AS first_exposed_at,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type IN (
    'pipeledger.deployment.started', 'pipeledger.deployment.progressed',
    'pipeledger.deployment.finished', 'pipeledger.deployment.assessed'
)
