-- What was seen running: one row a snapshot of an environment.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "namespaces": ["VARCHAR"],
            "running": [{"service": "VARCHAR", "digest": "VARCHAR", "image": "VARCHAR",
                "image_id": "VARCHAR", "config": "VARCHAR", "revisions": ["VARCHAR"],
                "replicas": "BIGINT", "ready": "BIGINT", "namespace": "VARCHAR",
                "container": "VARCHAR", "site": "VARCHAR", "sync": "VARCHAR", "health": "VARCHAR"}],
            "system": "VARCHAR", "complete": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type = 'pipeledger.runtime.snapshot'
)

SELECT
    position,
    recorded_at,
    occurred_at,
    assurance,
    principal,
    source,
    environment,
    told.system,
    TRY_CAST(told.complete AS BOOLEAN) AS complete,
    told.namespaces,
    told.running,
    time_basis,
    event IS NULL AS redacted
FROM said
