-- What each control came to: the worst of the tests that answer it.
SELECT
    l.framework,
    l.control,
    any_value(l.place) AS place,
    any_value(l.title) AS title,
    any_value(l.strength) AS strength,
    any_value(l.verification) AS verification,
    CASE
        WHEN bool_or(r.outcome = 'violated') THEN 'violated'
        WHEN bool_or(r.outcome = 'insufficient-evidence') THEN 'insufficient-evidence'
        WHEN bool_or(r.outcome = 'excepted') THEN 'excepted'
        WHEN bool_or(r.outcome = 'satisfied') THEN 'satisfied'
        ELSE 'not-applicable'
    END AS outcome,
    list(l.test || ' ' || r.outcome ORDER BY l.test) AS tests,
    coalesce(list(l.test ORDER BY l.test) FILTER (WHERE NOT v.is_built), []) AS not_built,
    CAST(sum(r.population) AS BIGINT) AS population,
    CAST(sum(r.satisfied) AS BIGINT) AS satisfied,
    CAST(sum(r.violated) AS BIGINT) AS violated,
    CAST(sum(r.excepted) AS BIGINT) AS excepted,
    CAST(sum(r.insufficient) AS BIGINT) AS insufficient,
    CAST(sum(r.not_applicable) AS BIGINT) AS not_applicable
FROM control_links AS l
INNER JOIN control_variants AS v USING (test, variant)
INNER JOIN control_results AS r USING (test, variant)
GROUP BY l.framework, l.control
