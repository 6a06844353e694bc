-- Approving reviews of merged changes, one row a change and person, accounts of one person put
-- together: the last word of that person before the merge, where it approves, and why it may not
-- count. `finding` is null where nothing speaks against it.
WITH said AS (
    SELECT
        m.change_key,
        coalesce(s.person, r.reviewer) AS person,
        r.position,
        r.given_at,
        r.verdict,
        r.reviewed,
        r.assurance,
        f.recorded_at,
        f.time_basis,
        m.head,
        m.merged_at
    FROM merged_changes AS m
    INNER JOIN reviews AS r USING (change_key)
    INNER JOIN change_facts AS f ON r.position = f.position
    LEFT JOIN same_persons AS s ON r.reviewer = s.id
    WHERE coalesce(r.given_at, f.recorded_at) <= m.merged_at AND r.verdict <> 'commented'
),

last_words AS (
    SELECT *
    FROM said
    QUALIFY row_number() OVER (
        PARTITION BY change_key, person ORDER BY coalesce(given_at, recorded_at) DESC, position DESC
    ) = 1
),

makers AS (
    SELECT change_key, person, bool_or(role = 'author') AS is_author
    FROM change_people
    GROUP BY change_key, person
)

SELECT
    w.change_key,
    w.person,
    w.position,
    w.assurance,
    w.reviewed,
    w.head,
    CASE
        WHEN m.is_author THEN 'approved by whoever made it'
        WHEN m.person IS NOT NULL THEN 'approved by whoever helped, committed or pushed last'
        WHEN starts_with(w.person, 'wkl_') THEN 'approved by a workload that nobody answers for'
        WHEN coalesce(w.time_basis, 'source') NOT IN ('source', 'caller')
            OR w.given_at IS NULL THEN 'the approval has no time of its own'
        WHEN w.recorded_at > w.merged_at
            AND w.recorded_at > w.given_at + (SELECT max_ingest_delay FROM control_settings)
            THEN 'the approval was recorded afterwards'
    END AS finding,
    m.person IS NOT NULL AS by_maker,
    w.reviewed = w.head AS is_of_head
FROM last_words AS w
LEFT JOIN makers AS m USING (change_key, person)
WHERE w.verdict = 'approved'
