-- What was said of accounts that belong to one person: one row an event.
SELECT
    position,
    recorded_at,
    occurred_at,
    split_part(type, '.', 3) AS what,
    assurance,
    principal,
    event ->> '$.data.person' AS person,
    event ->> '$.data.other' AS other,
    event ->> '$.data.second' AS second
FROM events
WHERE type IN ('pipeledger.person.linked', 'pipeledger.person.unlinked')
