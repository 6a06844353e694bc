-- What was said of accounts that belong to one person: one row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "person": "VARCHAR", "other": "VARCHAR", "second": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type IN ('pipeledger.person.linked', 'pipeledger.person.unlinked')
)

SELECT
    position,
    recorded_at,
    occurred_at,
    split_part(type, '.', 3) AS what,
    assurance,
    principal,
    told.person,
    told.other,
    told.second
FROM said
