-- MON-01: are controls tested in each interval, and weaknesses followed?
-- Of every control that was ever tested or found weak. A weakness has an owner and a date, and is
-- mended by then; one that is found again has to be mended again. Another date that comes after the
-- first one has passed makes up for nothing.
WITH opened AS (
    SELECT
        deficiency,
        min(recorded_at) AS opened_at,
        max(least(occurred_at, recorded_at)) AS last_opened_at,
        arg_max(owner, position) AS owner,
        arg_max(due, position) AS due,
        arg_min(assurance, list_position(
            ['imported', 'asserted', 'observed', 'decided'], assurance
        )) AS assurance,
        list(position ORDER BY position) AS positions
    FROM governance_facts
    WHERE what = 'deficiency.opened' AND deficiency IS NOT NULL
    GROUP BY deficiency
),

closed AS (
    SELECT
        o.deficiency,
        min(least(g.occurred_at, g.recorded_at)) AS closed_at,
        arg_min(g.recorded_at, g.occurred_at) AS recorded_at,
        arg_min(g.assurance, g.occurred_at) AS assurance,
        min(g.position) AS position
    FROM governance_facts AS g
    INNER JOIN opened AS o USING (deficiency)
    WHERE g.what = 'deficiency.closed' AND least(g.occurred_at, g.recorded_at) >= o.last_opened_at
    GROUP BY o.deficiency
),

dated AS (
    SELECT
        deficiency,
        due,
        least(occurred_at, recorded_at) AS since,
        lead(recorded_at) OVER (PARTITION BY deficiency ORDER BY position) AS told_again_at
    FROM governance_facts
    WHERE what = 'deficiency.opened' AND deficiency IS NOT NULL
),

missed AS (
    SELECT DISTINCT d.deficiency
    FROM dated AS d
    LEFT JOIN governance_facts AS g
        ON g.what = 'deficiency.closed' AND d.deficiency = g.deficiency
        AND least(g.occurred_at, g.recorded_at) BETWEEN d.since AND d.due
    WHERE d.told_again_at > d.due AND g.position IS NULL
),

told AS (
    SELECT
        o.*,
        c.closed_at,
        c.position AS closed_position,
        list_position(['imported', 'asserted', 'observed', 'decided'], c.assurance) AS strength,
        CASE
            WHEN o.owner IS NULL THEN {'level': 1, 'reason': 'a weakness without an owner'}
            WHEN o.due IS NULL THEN {'level': 1, 'reason': 'a weakness without a date'}
            WHEN coalesce(c.closed_at, n.now) > o.due OR m.deficiency IS NOT NULL
                THEN {'level': 1, 'reason': 'a weakness that is not mended by its date'}
            WHEN c.closed_at IS NULL THEN {'level': 3, 'reason': 'not due yet'}
            WHEN c.recorded_at > o.due
                AND c.recorded_at > c.closed_at + (SELECT max_ingest_delay FROM control_settings)
                THEN {'level': 2, 'reason': 'it was recorded afterwards'}
            ELSE {'level': 4, 'reason': 'a weakness that was mended by its date'}
        END AS word
    FROM opened AS o
    CROSS JOIN control_now AS n
    LEFT JOIN closed AS c USING (deficiency)
    LEFT JOIN missed AS m USING (deficiency)
    WHERE o.opened_at < n.now
)

SELECT * EXCLUDE (test) FROM calendar_items WHERE test = 'MON-01'
UNION ALL BY NAME
SELECT
    q.variant,
    'deficiency ' || t.deficiency AS item_key,
    'deficiency' AS item,
    CAST([] AS VARCHAR[]) AS artifacts,
    greatest(t.opened_at, p.window_from) AS occurred_at,
    ['violated', 'insufficient-evidence', 'not-applicable', 'satisfied'][w.level] AS outcome,
    w.reason AS reason,
    t.assurance,
    list_concat(t.positions, [one FOR one IN [t.closed_position] IF one IS NOT NULL]) AS positions
FROM told AS t
INNER JOIN control_variants AS q ON q.test = 'MON-01'
CROSS JOIN parameters AS p,
LATERAL (
    SELECT unnest(CASE
        WHEN t.word.level = 4 AND t.strength < list_position(
            ['imported', 'asserted', 'observed', 'decided'], q.parameters ->> '$.least_assurance'
        ) THEN {'level': 2, 'reason': 'it is too weakly assured'}
        ELSE t.word
    END)
) AS w
WHERE coalesce(t.closed_at >= p.window_from, TRUE)
