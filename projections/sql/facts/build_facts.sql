-- What was said of builds and artifacts: one row an event.
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
    coalesce(event ->> '$.data.artifact.purl', event ->> '$.data.artifact.name') AS name,
    event ->> '$.data.version' AS version,
    event ->> '$.data.builder' AS builder,
    event ->> '$.data.sbom' AS sbom,
    event ->> '$.data.provenance' AS provenance,
    event ->> '$.data.kind' AS kind,
    event ->> '$.data.predicate_type' AS predicate_type,
    TRY_CAST(event ->> '$.data.signed' AS BOOLEAN) AS signed,
    event ->> '$.data.verifier' AS verifier,
    from_json(event -> '$.data.levels', '["VARCHAR"]') AS levels,
    event ->> '$.data.registry' AS registry,
    event ->> '$.data.tool' AS tool,
    TRY_CAST(upper(event ->> '$.data.started_at') AS TIMESTAMPTZ) AS started_at,
    event ->> '$.data.url' AS url,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type IN (
    'pipeledger.build.finished', 'pipeledger.artifact.published', 'pipeledger.artifact.described',
    'pipeledger.artifact.signed', 'pipeledger.attestation.verified', 'pipeledger.release.created'
)
