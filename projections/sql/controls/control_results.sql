-- What each test came to as a whole. One violation violates; where none does, one item without
-- enough evidence leaves it open. Nothing to judge is no pass: it is what the catalogue says for
-- that test, and without any deployment at all in the ledger always too little evidence. So is a
-- test that is not built: nobody looked.
WITH counted AS (
    SELECT
        test,
        variant,
        count(*) AS population,
        count(*) FILTER (WHERE outcome = 'satisfied') AS satisfied,
        count(*) FILTER (WHERE outcome = 'violated') AS violated,
        count(*) FILTER (WHERE outcome = 'excepted') AS excepted,
        count(*) FILTER (WHERE outcome = 'insufficient-evidence') AS insufficient,
        count(*) FILTER (WHERE outcome = 'not-applicable') AS not_applicable
    FROM control_items
    GROUP BY test, variant
),

used AS (
    SELECT count(*) > 0 AS is_used FROM deployments
)

SELECT
    q.test,
    q.variant,
    CASE
        WHEN c.violated > 0 THEN 'violated'
        WHEN c.insufficient > 0 THEN 'insufficient-evidence'
        WHEN c.excepted > 0 THEN 'excepted'
        WHEN c.satisfied > 0 THEN 'satisfied'
        WHEN c.not_applicable > 0 THEN 'not-applicable'
        WHEN NOT q.is_built OR NOT u.is_used THEN 'insufficient-evidence'
        ELSE q.when_empty
    END AS outcome,
    CASE
        WHEN c.population > 0 THEN NULL
        WHEN NOT q.is_built THEN 'not evaluated: this test is not built'
        WHEN NOT u.is_used THEN 'nothing to judge, and no deployment is known at all'
        ELSE 'nothing to judge in the window'
    END AS reason,
    coalesce(c.population, 0) AS population,
    coalesce(c.satisfied, 0) AS satisfied,
    coalesce(c.violated, 0) AS violated,
    coalesce(c.excepted, 0) AS excepted,
    coalesce(c.insufficient, 0) AS insufficient,
    coalesce(c.not_applicable, 0) AS not_applicable,
    CAST(q.parameters AS VARCHAR) AS parameters
FROM control_variants AS q
CROSS JOIN used AS u
LEFT JOIN counted AS c USING (test, variant)
