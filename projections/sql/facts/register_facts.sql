-- What was registered of environments, services and sources: one row an event.
SELECT
    position,
    recorded_at,
    occurred_at,
    replace(type, 'pipeledger.', '') AS what,
    assurance,
    principal,
    environment,
    event ->> '$.data.tier' AS tier,
    event ->> '$.data.basis' AS basis,
    TRY_CAST(upper(event ->> '$.data.effective_from') AS TIMESTAMPTZ) AS effective_from,
    service,
    event ->> '$.data.team' AS team,
    event ->> '$.data.criticality' AS criticality,
    from_json(event -> '$.data.scope', '["VARCHAR"]') AS scope,
    from_json(
        event -> '$.data.repositories',
        '[{"repository": "VARCHAR", "role": "VARCHAR", "paths": ["VARCHAR"]}]'
    ) AS repositories,
    TRY_CAST(event -> '$.data.deployment_source' AS MAP(VARCHAR, VARCHAR)) AS deployment_source,
    event ->> '$.data.second' AS second,
    event ->> '$.data.credential' AS source_credential,
    event ->> '$.data.name' AS source_name,
    event ->> '$.data.kind' AS source_kind,
    TRY_CAST(event ->> '$.data.every_s' AS BIGINT) AS source_every_s,
    from_json(event -> '$.data.sources', '["VARCHAR"]') AS sources,
    TRY_CAST(event -> '$.data.incident_when' AS MAP(VARCHAR, VARCHAR)) AS incident_when
FROM events
WHERE type IN (
    'pipeledger.environment.registered', 'pipeledger.service.registered',
    'pipeledger.source.registered'
)
