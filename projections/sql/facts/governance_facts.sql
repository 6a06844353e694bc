-- What was said of controls and their weaknesses, of evidence, of holds and disposals, and of
-- people who are to be forgotten: one row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "positions": ["BIGINT"], "framework": "VARCHAR", "control": "VARCHAR",
            "deficiency": "VARCHAR", "owner": "VARCHAR", "due": "VARCHAR", "evidence": "VARCHAR",
            "reader": "VARCHAR", "person": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type IN (
        'pipeledger.control.evaluated', 'pipeledger.deficiency.opened',
        'pipeledger.deficiency.closed',
        'pipeledger.evidence.requested', 'pipeledger.evidence.delivered',
        'pipeledger.evidence.read',
        'pipeledger.evidence.exported', 'pipeledger.hold.placed', 'pipeledger.hold.lifted',
        'pipeledger.record.disposed', 'pipeledger.erasure.requested', 'pipeledger.person.erased'
    )
)

SELECT
    position,
    recorded_at,
    occurred_at,
    replace(type, 'pipeledger.', '') AS what,
    assurance,
    principal,
    credential,
    outcome,
    told.framework,
    told.control,
    told.deficiency,
    told.owner,
    TRY_CAST(upper(told.due) AS TIMESTAMPTZ) AS due,
    told.evidence,
    told.reader,
    told.positions AS about,
    told.person,
    time_basis,
    event IS NULL AS redacted
FROM said
