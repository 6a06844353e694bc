-- What was said of builds and artifacts: one row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "levels": ["VARCHAR"], "artifact": {"purl": "VARCHAR", "name": "VARCHAR"},
            "version": "VARCHAR", "builder": "VARCHAR", "sbom": "VARCHAR",
            "provenance": "VARCHAR", "kind": "VARCHAR", "predicate_type": "VARCHAR",
            "signed": "VARCHAR", "verifier": "VARCHAR", "registry": "VARCHAR", "tool": "VARCHAR",
            "started_at": "VARCHAR", "url": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type IN (
        'pipeledger.build.finished', 'pipeledger.artifact.published',
        'pipeledger.artifact.described',
        'pipeledger.artifact.signed', 'pipeledger.attestation.verified',
        'pipeledger.release.created'
    )
)

SELECT
    position,
    recorded_at,
    occurred_at,
    replace(type, 'pipeledger.', '') AS what,
    assurance,
    principal,
    source,
    service,
    repository,
    commit,
    release,
    run,
    actor,
    outcome,
    artifact,
    list_distinct([
        digest
        FOR digest IN list_append(
            from_json(event -> '$.data.artifacts[*].digest', '["VARCHAR"]'), artifact
        )
        IF digest IS NOT NULL
    ]) AS artifacts,
    coalesce(told.artifact.purl, told.artifact.name) AS name,
    told.version,
    told.builder,
    told.sbom,
    told.provenance,
    told.kind,
    told.predicate_type,
    TRY_CAST(told.signed AS BOOLEAN) AS signed,
    told.verifier,
    told.levels,
    told.registry,
    told.tool,
    TRY_CAST(upper(told.started_at) AS TIMESTAMPTZ) AS started_at,
    told.url,
    time_basis,
    event IS NULL AS redacted
FROM said
