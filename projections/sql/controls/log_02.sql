-- LOG-02: can it be shown that nothing was changed?
-- An answer is made of entries whose chain and root were verified; what the ledger itself can add
-- is who else saw them: every entry must be under a checkpoint that a witness signed, no later than
-- the limit after it was recorded. A witness cannot have seen more than what was there before it.
-- Not judged: how often others verified it, which no event tells.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.anchor_max_age_hours' AS BIGINT) * INTERVAL 1 HOUR AS max_age,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'LOG-02'
),

witnesses AS (
    SELECT q.variant, w.size, w.recorded_at, w.position, w.assurance
    FROM asked AS q
    CROSS JOIN ledger_facts AS w
    CROSS JOIN control_now AS n
    WHERE w.what = 'checkpoint.witnessed' AND w.size < w.position AND w.recorded_at <= n.now
        AND list_position(['imported', 'asserted', 'observed', 'decided'], w.assurance) >= q.least
),

-- From one witness to the next one that saw more, and from the last one to now.
spans AS (
    SELECT
        variant,
        0 AS size,
        min(recorded_at) AS witnessed_at,
        min(position) AS position
    FROM witnesses
    GROUP BY variant
    UNION ALL
    SELECT
        w.variant,
        w.size,
        coalesce(lead(w.recorded_at) OVER (PARTITION BY w.variant ORDER BY w.size), n.now),
        w.position
    FROM (
        SELECT variant, size, min(recorded_at) AS recorded_at, min(position) AS position
        FROM witnesses
        GROUP BY variant, size
    ) AS w
    CROSS JOIN control_now AS n
),

seen AS (
    SELECT e.position, e.recorded_at
    FROM all_event_facts AS e
    CROSS JOIN control_now AS n
    WHERE e.type <> 'pipeledger.checkpoint.witnessed' AND e.recorded_at <= n.now
),

-- The first entry that was there and had no witness yet.
waited AS (
    SELECT
        s.variant,
        s.position AS witness_position,
        e.position,
        e.recorded_at AS since,
        s.witnessed_at
    FROM spans AS s
    ASOF JOIN seen AS e ON s.size < e.position
),

late AS (
    SELECT
        w.variant,
        min(w.since + q.max_age) AS missed_at,
        list(w.position ORDER BY w.position)[:100] AS positions
    FROM waited AS w
    INNER JOIN asked AS q USING (variant)
    CROSS JOIN parameters AS p
    WHERE w.witnessed_at - w.since > q.max_age AND w.witnessed_at >= p.window_from
        AND w.since + q.max_age < p.window_to
    GROUP BY w.variant
),

last_seen AS (
    SELECT
        variant,
        arg_max(position, size) AS position,
        arg_min(assurance, list_position(
            ['imported', 'asserted', 'observed', 'decided'], assurance
        )) AS assurance
    FROM witnesses
    GROUP BY variant
)

SELECT
    q.variant,
    'ledger' AS item_key,
    'ledger' AS item,
    CAST([] AS VARCHAR[]) AS artifacts,
    CASE
        WHEN l.missed_at IS NOT NULL THEN greatest(l.missed_at, p.window_from)
        ELSE n.now - INTERVAL 1 MICROSECOND
    END AS occurred_at,
    CASE
        WHEN s.position IS NULL THEN 'insufficient-evidence'
        WHEN l.variant IS NOT NULL THEN 'violated'
        ELSE 'satisfied'
    END AS outcome,
    CASE
        WHEN s.position IS NULL THEN 'verified for this answer, but no witness ever saw it'
        WHEN l.variant IS NOT NULL THEN 'without a witness for longer than its limit'
        ELSE 'verified for this answer, and seen by a witness in time'
    END AS reason,
    coalesce(s.assurance, 'decided') AS assurance,
    list_concat([coalesce(s.position, n.last_position)], coalesce(l.positions, [])) AS positions
FROM asked AS q
CROSS JOIN parameters AS p
CROSS JOIN control_now AS n
LEFT JOIN last_seen AS s USING (variant)
LEFT JOIN late AS l USING (variant)
WHERE n.last_position IS NOT NULL AND n.now > p.window_from
