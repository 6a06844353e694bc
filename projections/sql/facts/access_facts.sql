-- What was said of rights and of logging in: one row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "removals": [{"subject": "VARCHAR", "role": "VARCHAR", "done": "BOOLEAN"}],
            "workload": "VARCHAR", "target": "VARCHAR", "subject": "VARCHAR",
            "grantee": "VARCHAR", "role": "VARCHAR", "approval": "VARCHAR",
            "approved_by": "VARCHAR", "until": "VARCHAR", "break_glass": "VARCHAR",
            "requested_at": "VARCHAR", "reviewer": "VARCHAR", "reviews": "VARCHAR",
            "request": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type IN (
        'pipeledger.access.granted', 'pipeledger.access.revoked', 'pipeledger.access.elevated',
        'pipeledger.access.reviewed', 'pipeledger.login.failed'
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
    environment,
    repository,
    ticket,
    actor,
    told.workload,
    outcome,
    told.target,
    coalesce(told.subject, told.grantee) AS subject,
    told.role,
    told.approval,
    told.approved_by,
    TRY_CAST(upper(told.until) AS TIMESTAMPTZ) AS until,
    TRY_CAST(told.break_glass AS BOOLEAN) AS break_glass,
    TRY_CAST(upper(told.requested_at) AS TIMESTAMPTZ) AS requested_at,
    told.reviewer,
    told.reviews,
    told.request,
    told.removals,
    time_basis,
    event IS NULL AS redacted
FROM said
