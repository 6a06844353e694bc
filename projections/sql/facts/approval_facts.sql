-- What was said of approvals: one row an event. What the ledger decided itself says so in its type
-- (`requested`, `granted` …); what another tool reports says it in `verdict`.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "subjects": [{"kind": "VARCHAR", "digest": "VARCHAR", "commit": "VARCHAR",
                "release": "VARCHAR"}],
            "environments": ["VARCHAR"], "roles": ["VARCHAR"], "authors": ["VARCHAR"],
            "approval": "VARCHAR", "verdict": "VARCHAR", "system": "VARCHAR",
            "deployment": "VARCHAR", "valid_from": "VARCHAR", "valid_until": "VARCHAR",
            "role": "VARCHAR", "required": "VARCHAR", "requester": "VARCHAR",
            "approver": "VARCHAR", "emergency": "VARCHAR", "url": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type IN (
        'pipeledger.approval.requested', 'pipeledger.approval.granted',
        'pipeledger.approval.rejected', 'pipeledger.approval.withdrawn',
        'pipeledger.approval.expired', 'pipeledger.approval.reported'
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
    told.approval,
    service,
    environment,
    repository,
    commit,
    artifact,
    release,
    run,
    ticket,
    actor,
    told.verdict,
    told.system,
    told.deployment,
    told.subjects,
    told.environments,
    TRY_CAST(upper(told.valid_from) AS TIMESTAMPTZ) AS valid_from,
    TRY_CAST(upper(told.valid_until) AS TIMESTAMPTZ) AS valid_until,
    told.role,
    told.roles,
    TRY_CAST(told.required AS BIGINT) AS required,
    told.requester,
    told.approver,
    told.authors,
    told.emergency,
    told.url,
    time_basis,
    event IS NULL AS redacted
FROM said
