-- PRI-01: were people forgotten in time?
-- Every request; the key and identity of the person must be destroyed within the limit. Not judged:
-- copies and backups of the key, exports, and whether the person was answered, which nothing tells.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.limit_days' AS BIGINT) * INTERVAL 1 DAY AS within
    FROM control_variants
    WHERE test = 'PRI-01'
),

wanted AS (
    SELECT *
    FROM governance_facts
    WHERE what = 'erasure.requested' AND person IS NOT NULL
),

erased AS (
    SELECT w.position, g.recorded_at, g.position AS erased_position
    FROM wanted AS w
    ASOF JOIN (SELECT * FROM governance_facts WHERE what = 'person.erased') AS g
        ON w.person = g.person AND w.position < g.position
),

told AS (
    SELECT
        q.variant,
        w.*,
        e.erased_position,
        CASE
            WHEN w.outcome IN ('failure', 'cancelled', 'skipped')
                THEN {'level': 3, 'reason': 'the request was refused'}
            WHEN coalesce(e.recorded_at, n.now) > w.recorded_at + q.within
                THEN {'level': 1, 'reason': 'not erased in time'}
            WHEN e.recorded_at IS NULL THEN {'level': 3, 'reason': 'not due yet'}
            ELSE {'level': 4, 'reason': 'erased in time'}
        END AS word
    FROM asked AS q
    CROSS JOIN wanted AS w
    CROSS JOIN control_now AS n
    LEFT JOIN erased AS e USING (position)
)

SELECT
    t.variant,
    'request ' || t.position AS item_key,
    'request to be forgotten' AS item,
    CAST([] AS VARCHAR[]) AS artifacts,
    t.recorded_at AS occurred_at,
    ['violated', 'insufficient-evidence', 'not-applicable', 'satisfied'][t.word.level] AS outcome,
    t.word.reason AS reason,
    t.assurance,
    [one FOR one IN [t.position, t.erased_position] IF one IS NOT NULL] AS positions
FROM told AS t
CROSS JOIN parameters AS p
WHERE t.recorded_at >= p.window_from AND t.recorded_at < p.window_to
