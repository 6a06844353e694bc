-- LOG-04: was everything kept as long as it must be?
-- An answer is made of every entry since the first, verified, so none is missing: one item for the
-- ledger. One more for each disposal, which must be of what was kept long enough, with no hold in
-- place; and for bytes that were redacted before their time. Not judged: which records a hold is
-- for, and how quickly older ones are at hand.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.retain_days' AS BIGINT) * INTERVAL 1 DAY AS retained
    FROM control_variants
    WHERE test = 'LOG-04'
),

gone AS (
    SELECT position, recorded_at, assurance, unnest(coalesce(about, [NULL])) AS about, 'disposal' AS item
    FROM governance_facts
    WHERE what = 'record.disposed'
    UNION ALL
    SELECT c.position, c.recorded_at, 'decided', c.redacted, 'redaction'
    FROM corrections AS c
    WHERE c.redacted IS NOT NULL
),

aged AS (
    SELECT
        g.position,
        any_value(g.item) AS item,
        any_value(g.recorded_at) AS recorded_at,
        any_value(g.assurance) AS assurance,
        bool_or(e.position IS NULL) AS is_unknown,
        max(e.recorded_at) AS newest_at
    FROM gone AS g
    LEFT JOIN all_event_facts AS e ON g.about = e.position
    GROUP BY g.position
),

-- Holds are by id; one that was lifted holds no more.
holds AS (
    SELECT
        min(recorded_at) FILTER (WHERE what = 'hold.placed') AS placed_at,
        max(recorded_at) FILTER (WHERE what = 'hold.lifted') AS lifted_at
    FROM governance_facts
    WHERE what IN ('hold.placed', 'hold.lifted') AND evidence IS NOT NULL
    GROUP BY evidence
),

held AS (
    SELECT DISTINCT a.position
    FROM aged AS a
    INNER JOIN holds AS h
        ON h.placed_at <= a.recorded_at AND coalesce(h.lifted_at > a.recorded_at, TRUE)
),

told AS (
    SELECT
        q.variant,
        a.*,
        CASE
            WHEN a.is_unknown THEN {'level': 2, 'reason': 'nobody says which records are gone'}
            WHEN a.recorded_at - a.newest_at < q.retained AND a.item = 'disposal'
                THEN {'level': 1, 'reason': 'disposed of before its time'}
            WHEN a.recorded_at - a.newest_at < q.retained
                THEN {'level': 2, 'reason': 'redacted before its time'}
            WHEN h.position IS NOT NULL
                THEN {'level': 2, 'reason': 'gone while a hold was in place'}
            ELSE {'level': 4, 'reason': 'kept as long as it must be'}
        END AS word
    FROM asked AS q
    CROSS JOIN aged AS a
    CROSS JOIN parameters AS p
    LEFT JOIN held AS h USING (position)
    WHERE a.recorded_at >= p.window_from AND a.recorded_at < p.window_to
)

SELECT
    variant,
    item || ' ' || position AS item_key,
    item,
    CAST([] AS VARCHAR[]) AS artifacts,
    recorded_at AS occurred_at,
    ['violated', 'insufficient-evidence', NULL, 'satisfied'][word.level] AS outcome,
    word.reason AS reason,
    assurance,
    [position] AS positions
FROM told
UNION ALL BY NAME
SELECT
    q.variant,
    'ledger' AS item_key,
    'ledger' AS item,
    CAST([] AS VARCHAR[]) AS artifacts,
    n.now - INTERVAL 1 MICROSECOND AS occurred_at,
    'satisfied' AS outcome,
    'every entry is there since the first' AS reason,
    'decided' AS assurance,
    [n.last_position] AS positions
FROM asked AS q
CROSS JOIN control_now AS n
CROSS JOIN parameters AS p
WHERE n.last_position IS NOT NULL AND n.now > p.window_from
