-- CHG-08: was written down what is wanted of every change, before it was approved for production?
-- It may stand in the proposed change itself or in the ticket that it, or its deployment, names.
-- The texts are sealed: that they were written is judged, not what they say.
WITH asked AS (
    SELECT
        variant,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least,
        [
            CASE one WHEN 'backout' THEN 'back_out' ELSE one END
            FOR one IN from_json(parameters -> '$.required_fields', '["VARCHAR"]')
        ] AS wanted
    FROM control_variants
    WHERE test = 'CHG-08'
),

places AS (
    SELECT item_key, 'change' AS of, change_key AS key
    FROM production_changes
    WHERE change_key IS NOT NULL
    UNION ALL
    SELECT item_key, 'ticket', unnest(tickets) FROM production_changes
),

texts AS (
    SELECT p.item_key, r.text, r.strength, r.shown_at, r.position
    FROM places AS p
    INNER JOIN change_records AS r USING (of, key)
),

weighed AS (
    SELECT
        q.variant, c.item_key, q.text, t.position, t.strength,
        CASE
            WHEN t.text IS NULL THEN 1
            WHEN t.shown_at > c.began_at THEN 2
            WHEN t.shown_at > c.authorised_at THEN 5
            WHEN t.strength < q.least THEN 6
            ELSE 9
        END AS weight
    FROM (SELECT variant, least, unnest(wanted) AS text FROM asked) AS q
    CROSS JOIN production_changes AS c
    LEFT JOIN texts AS t ON c.item_key = t.item_key AND q.text = t.text
),

best AS (
    SELECT
        variant, item_key,
        max(weight) AS weight,
        arg_max(strength, (weight, strength)) AS strength,
        arg_max(position, (weight, -position)) AS position
    FROM weighed
    GROUP BY variant, item_key, text
),

judged AS (
    SELECT
        b.variant,
        b.item_key,
        min(b.weight) AS weight,
        min(b.strength) AS strength,
        coalesce(list(DISTINCT b.position) FILTER (WHERE b.position IS NOT NULL), []) AS positions
    FROM best AS b
    GROUP BY b.variant, b.item_key
),

told AS (
    SELECT
        j.variant,
        j.strength,
        j.positions AS record_positions,
        c.*,
        CASE
            WHEN j.weight = 9 THEN 'satisfied: written down before it was approved'
            WHEN c.change_key IS NULL AND len(c.tickets) = 0
                THEN 'nobody says which change it brought'
            WHEN (
                SELECT count(*) FROM change_records AS r
                SEMI JOIN (SELECT unnest(wanted) AS text FROM asked) AS q ON r.text = q.text
            ) = 0 THEN 'this ledger knows of no such text at all'
            WHEN j.weight = 1 THEN 'violated: something that is wanted was not written down'
            WHEN j.weight = 2 THEN 'violated: written down after it was deployed'
            WHEN j.weight = 5 THEN 'written down after it was approved'
            ELSE 'the assurance of what was written down is too low'
        END AS verdict
    FROM judged AS j
    INNER JOIN production_changes AS c USING (item_key)
)

SELECT
    variant,
    item_key,
    item,
    service,
    team,
    environment,
    repository,
    artifacts,
    finished_at AS occurred_at,
    CASE
        WHEN starts_with(verdict, 'violated: ') THEN 'violated'
        WHEN starts_with(verdict, 'satisfied: ') THEN 'satisfied'
        ELSE 'insufficient-evidence'
    END AS outcome,
    regexp_replace(verdict, '^(violated|satisfied): ', '') AS reason,
    ['imported', 'asserted', 'observed', 'decided'][least(
        list_position(['imported', 'asserted', 'observed', 'decided'], assurance), strength
    )] AS assurance,
    list_concat(positions, record_positions) AS positions
FROM told
