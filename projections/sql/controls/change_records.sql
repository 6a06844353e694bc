-- What was written down of each change before it went to production, and when that is shown to have
-- been there: one row a change or ticket, and text. A text is there from its own time on, where its
-- source gave that and the ledger had it soon after; else from when the ledger had it.
WITH told AS (
    SELECT
        'change' AS of, repository || '#' || number AS key, position, occurred_at, recorded_at,
        time_basis, assurance, unnest(list_concat(texts, CASE WHEN risk <> '' THEN ['risk'] ELSE [] END))
            AS text
    FROM change_facts
    WHERE repository IS NOT NULL AND number IS NOT NULL
    UNION ALL
    SELECT
        'ticket', key, position, occurred_at, recorded_at, time_basis, assurance,
        unnest(list_concat(texts, CASE WHEN risk <> '' THEN ['risk'] ELSE [] END))
    FROM ticket_facts
    WHERE key IS NOT NULL
),

shown AS (
    SELECT
        *,
        CASE
            WHEN coalesce(time_basis, 'source') IN ('source', 'caller')
                AND recorded_at <= occurred_at + (SELECT max_ingest_delay FROM control_settings)
                THEN occurred_at
            ELSE greatest(occurred_at, recorded_at)
        END AS shown_at
    FROM told
)

SELECT
    of,
    key,
    text,
    list_position(['imported', 'asserted', 'observed', 'decided'], assurance) AS strength,
    min(shown_at) AS shown_at,
    arg_min(position, (shown_at, position)) AS position
FROM shown
GROUP BY ALL
