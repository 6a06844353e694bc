-- What was seen running: one row a snapshot of an environment.
SELECT
    position,
    recorded_at,
    occurred_at,
    assurance,
    principal,
    source,
    environment,
    event ->> '$.data.system' AS system,
    TRY_CAST(event ->> '$.data.complete' AS BOOLEAN) AS complete,
    from_json(event -> '$.data.namespaces', '["VARCHAR"]') AS namespaces,
    from_json(
        event -> '$.data.running',
        '[{"service": "VARCHAR", "digest": "VARCHAR", "image": "VARCHAR", "image_id": "VARCHAR",
           "config": "VARCHAR", "revisions": ["VARCHAR"], "replicas": "BIGINT", "ready": "BIGINT",
           "namespace": "VARCHAR", "container": "VARCHAR", "site": "VARCHAR", "sync": "VARCHAR",
           "health": "VARCHAR"}]'
    ) AS running,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type = 'pipeledger.runtime.snapshot'
