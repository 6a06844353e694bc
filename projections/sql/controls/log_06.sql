-- LOG-06: is the time right?
-- No event may claim to have happened after it was recorded, or be recorded before the one before
-- it; what comes long after it happened is too little to go by. Each check of a clock must find it
-- right within the limit. Satisfied events are one item a type (see event_items).
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.max_skew_seconds' AS DOUBLE) AS max_skew_s,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'LOG-06'
),

checked AS (
    SELECT
        q.variant,
        c.*,
        CASE
            WHEN abs(c.offset_s) > q.max_skew_s OR c.outcome = 'failure'
                THEN {'level': 1, 'reason': 'a clock was off by more than its limit'}
            WHEN c.offset_s IS NULL OR c.outcome IN ('error', 'cancelled', 'skipped')
                THEN {'level': 2, 'reason': 'a clock could not be checked'}
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], c.assurance) < q.least
                THEN {'level': 2, 'reason': 'it is too weakly assured'}
            ELSE {'level': 4, 'reason': 'a clock was right'}
        END AS word
    FROM asked AS q
    CROSS JOIN ledger_facts AS c
    CROSS JOIN parameters AS p
    WHERE c.what = 'clock.checked'
        AND c.recorded_at >= p.window_from AND c.recorded_at < p.window_to
)

SELECT * EXCLUDE (test) FROM event_items WHERE test = 'LOG-06'
UNION ALL BY NAME
SELECT
    variant,
    'clock ' || position AS item_key,
    'check of a clock' AS item,
    CAST([] AS VARCHAR[]) AS artifacts,
    recorded_at AS occurred_at,
    ['violated', 'insufficient-evidence', NULL, 'satisfied'][word.level] AS outcome,
    word.reason AS reason,
    assurance,
    [position] AS positions
FROM checked
UNION ALL BY NAME
SELECT
    q.variant,
    'clocks' AS item_key,
    'check of a clock' AS item,
    CAST([] AS VARCHAR[]) AS artifacts,
    n.now - INTERVAL 1 MICROSECOND AS occurred_at,
    'insufficient-evidence' AS outcome,
    'no clock was checked' AS reason,
    [n.last_position] AS positions
FROM asked AS q
CROSS JOIN control_now AS n
CROSS JOIN parameters AS p
WHERE n.last_position IS NOT NULL AND n.now > p.window_from
    AND q.variant NOT IN (SELECT variant FROM checked)
