-- What was said of tickets in other systems: one row an event.
SELECT
    position,
    recorded_at,
    occurred_at,
    split_part(type, '.', 3) AS what,
    assurance,
    principal,
    source,
    event ->> '$.data.system' AS system,
    event ->> '$.data.key' AS key,
    service,
    environment,
    commit,
    artifact,
    event ->> '$.data.kind' AS kind,
    event ->> '$.data.status' AS status,
    event ->> '$.data.risk' AS risk,
    event ->> '$.data.requester' AS requester,
    event ->> '$.data.assignee' AS assignee,
    event ->> '$.data.approved_by' AS approved_by,
    TRY_CAST(upper(event ->> '$.data.window_from') AS TIMESTAMPTZ) AS window_from,
    TRY_CAST(upper(event ->> '$.data.window_until') AS TIMESTAMPTZ) AS window_until,
    -- Which of its free texts were written; what they say is sealed.
    list_distinct(list_concat(
        coalesce(string_split(event ->> '$.pipeledgertexts', ' '), []),
        [
            one FOR one IN ['description', 'impact', 'back_out']
            IF trim(coalesce(event -> '$.data' ->> one, '')) <> ''
        ]
    )) AS texts,
    event ->> '$.data.url' AS url,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type IN ('pipeledger.ticket.opened', 'pipeledger.ticket.updated', 'pipeledger.ticket.closed')
