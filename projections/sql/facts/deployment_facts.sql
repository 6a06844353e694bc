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
    event ->> '$.data.trigger' AS trigger,
    event ->> '$.data.triggered_by' AS triggered_by,
    event ->> '$.data.strategy' AS strategy,
    event -> '$.data.targets' AS targets,
    TRY_CAST(event ->> '$.data.started_at' AS TIMESTAMPTZ) AS started_at,
    TRY_CAST(event ->> '$.data.first_exposed_at' AS TIMESTAMPTZ) AS first_exposed_at,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type IN (
    'pipeledger.deployment.started', 'pipeledger.deployment.progressed',
    'pipeledger.deployment.finished', 'pipeledger.deployment.assessed'
)
