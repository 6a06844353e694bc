-- What was registered of environments, services and sources: one row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "scope": ["VARCHAR"],
            "repositories": [{"repository": "VARCHAR", "role": "VARCHAR", "paths": ["VARCHAR"]}],
            "sources": ["VARCHAR"], "tier": "VARCHAR", "basis": "VARCHAR",
            "effective_from": "VARCHAR", "team": "VARCHAR", "criticality": "VARCHAR",
            "second": "VARCHAR", "credential": "VARCHAR", "name": "VARCHAR", "kind": "VARCHAR",
            "every_s": "VARCHAR", "deployment_source": "JSON", "incident_when": "JSON"
        }}').data AS told
    FROM events
    WHERE type IN (
        'pipeledger.environment.registered', 'pipeledger.service.registered',
        'pipeledger.source.registered'
    )
)

SELECT
    position,
    recorded_at,
    occurred_at,
    replace(type, 'pipeledger.', '') AS what,
    assurance,
    principal,
    environment,
    told.tier,
    told.basis,
    TRY_CAST(upper(told.effective_from) AS TIMESTAMPTZ) AS effective_from,
    service,
    told.team,
    told.criticality,
    told.scope,
    told.repositories,
    TRY_CAST(told.deployment_source AS MAP(VARCHAR, VARCHAR)) AS deployment_source,
    told.second,
    told.credential AS source_credential,
    told.name AS source_name,
    told.kind AS source_kind,
    TRY_CAST(told.every_s AS BIGINT) AS source_every_s,
    told.sources,
    TRY_CAST(told.incident_when AS MAP(VARCHAR, VARCHAR)) AS incident_when
FROM said
