-- What was said of tickets in other systems: one row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "system": "VARCHAR", "key": "VARCHAR", "kind": "VARCHAR", "status": "VARCHAR",
            "risk": "VARCHAR", "requester": "VARCHAR", "assignee": "VARCHAR",
            "approved_by": "VARCHAR", "window_from": "VARCHAR", "window_until": "VARCHAR",
            "url": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type IN (
        'pipeledger.ticket.opened', 'pipeledger.ticket.updated', 'pipeledger.ticket.closed'
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
    told.system,
    told.key,
    service,
    environment,
    commit,
    artifact,
    told.kind,
    told.status,
    told.risk,
    told.requester,
    told.assignee,
    told.approved_by,
    TRY_CAST(upper(told.window_from) AS TIMESTAMPTZ) AS window_from,
    TRY_CAST(upper(told.window_until) AS TIMESTAMPTZ) AS window_until,
    -- Which of its free texts were written; what they say is sealed.
    list_distinct(list_concat(
        coalesce(string_split(event ->> '$.pipeledgertexts', ' '), []),
        [
            one FOR one IN ['description', 'impact', 'back_out']
            IF trim(coalesce(event -> '$.data' ->> one, '')) <> ''
        ]
    )) AS texts,
    told.url,
    time_basis,
    event IS NULL AS redacted
FROM said
