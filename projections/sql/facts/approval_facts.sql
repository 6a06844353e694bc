-- What was said of approvals: one row an event. What the ledger decided itself says so in its type
-- (`requested`, `granted` …); what another tool reports says it in `verdict`.
SELECT
    position,
    recorded_at,
    occurred_at,
    split_part(type, '.', 3) AS what,
    assurance,
    principal,
    source,
    event ->> '$.data.approval' AS approval,
    service,
    environment,
    repository,
    commit,
    artifact,
    release,
    run,
    ticket,
    actor,
    event ->> '$.data.verdict' AS verdict,
    event ->> '$.data.system' AS system,
    event ->> '$.data.deployment' AS deployment,
    from_json(
        event -> '$.data.subjects',
        '[{"kind": "VARCHAR", "digest": "VARCHAR", "commit": "VARCHAR", "release": "VARCHAR"}]'
    ) AS subjects,
    from_json(event -> '$.data.environments', '["VARCHAR"]') AS environments,
    TRY_CAST(upper(event ->> '$.data.valid_from') AS TIMESTAMPTZ) AS valid_from,
    TRY_CAST(upper(event ->> '$.data.valid_until') AS TIMESTAMPTZ) AS valid_until,
    event ->> '$.data.role' AS role,
    from_json(event -> '$.data.roles', '["VARCHAR"]') AS roles,
    TRY_CAST(event ->> '$.data.required' AS BIGINT) AS required,
    event ->> '$.data.requester' AS requester,
    event ->> '$.data.approver' AS approver,
    from_json(event -> '$.data.authors', '["VARCHAR"]') AS authors,
    event ->> '$.data.emergency' AS emergency,
    event ->> '$.data.url' AS url,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type IN (
    'pipeledger.approval.requested', 'pipeledger.approval.granted',
    'pipeledger.approval.rejected', 'pipeledger.approval.withdrawn',
    'pipeledger.approval.expired', 'pipeledger.approval.reported'
)
