-- Which ids are one person, by the accounts that were linked, chains included: one row an id that
-- is linked. An id without a row stands for itself. A link that was taken back holds no more.
WITH RECURSIVE said AS (
    SELECT
        least(person, other) AS one,
        greatest(person, other) AS two,
        arg_max(what, position) AS last_word
    FROM person_facts
    WHERE person IS NOT NULL AND other IS NOT NULL
    GROUP BY ALL
),

linked AS (
    SELECT one, two FROM said WHERE last_word = 'linked'
    UNION ALL
    SELECT two, one FROM said WHERE last_word = 'linked'
),

reached AS (
    SELECT one AS id, one AS other FROM linked
    UNION
    SELECT r.id, l.two
    FROM reached AS r
    INNER JOIN linked AS l ON r.other = l.one
)

SELECT id, min(other) AS person
FROM reached
GROUP BY id
