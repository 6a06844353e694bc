-- What was said of controls and their weaknesses, of evidence, of holds and disposals, and of people
-- who are to be forgotten: one row an event.
SELECT
    position,
    recorded_at,
    occurred_at,
    replace(type, 'pipeledger.', '') AS what,
    assurance,
    principal,
    credential,
    outcome,
    event ->> '$.data.framework' AS framework,
    event ->> '$.data.control' AS control,
    event ->> '$.data.deficiency' AS deficiency,
    event ->> '$.data.owner' AS owner,
    TRY_CAST(upper(event ->> '$.data.due') AS TIMESTAMPTZ) AS due,
    event ->> '$.data.evidence' AS evidence,
    event ->> '$.data.reader' AS reader,
    from_json(event -> '$.data.positions', '["BIGINT"]') AS about,
    event ->> '$.data.person' AS person,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type IN (
    'pipeledger.control.evaluated', 'pipeledger.deficiency.opened', 'pipeledger.deficiency.closed',
    'pipeledger.evidence.requested', 'pipeledger.evidence.delivered', 'pipeledger.evidence.read',
    'pipeledger.evidence.exported', 'pipeledger.hold.placed', 'pipeledger.hold.lifted',
    'pipeledger.record.disposed', 'pipeledger.erasure.requested', 'pipeledger.person.erased'
)
