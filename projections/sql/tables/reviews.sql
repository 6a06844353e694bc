-- Reviews of proposed changes: one row a review. It stands until the same person says otherwise, by
-- whichever of the accounts that were linked, or it is dismissed; a comment takes nothing back.
WITH given AS (
    SELECT
        repository || '#' || number AS change_key,
        repository,
        number,
        position,
        occurred_at AS given_at,
        reviewer,
        coalesce(s.person, reviewer) AS person,
        verdict,
        reviewed,
        assurance,
        source
    FROM change_facts
    LEFT JOIN same_persons AS s ON reviewer = s.id
    WHERE what = 'reviewed' AND repository IS NOT NULL AND number IS NOT NULL
        AND reviewer IS NOT NULL
),

makers AS (
    SELECT
        m.change_key,
        coalesce(s.person, m.id) AS person,
        bool_or(m.is_author) AS is_author,
        bool_or(NOT m.is_author) AS is_last_pusher
    FROM (
        SELECT change_key, unnest(co_authors || [author]) AS id, TRUE AS is_author
        FROM change_merges
        UNION ALL
        SELECT change_key, last_pusher, FALSE FROM change_merges
    ) AS m
    LEFT JOIN same_persons AS s USING (id)
    GROUP BY ALL
),

-- What a change was merged with is settled by then: a later review does not concern it.
ordered AS (
    SELECT
        g.*,
        m.merged_at,
        coalesce(m.merged_head, CASE WHEN m.merged_at IS NULL THEN m.head END) AS wanted,
        coalesce(g.given_at <= m.merged_at, m.merged_at IS NULL) AS in_time
    FROM given AS g
    INNER JOIN change_merges AS m USING (change_key)
)

SELECT
    change_key,
    repository,
    number,
    position,
    given_at,
    reviewer,
    verdict,
    reviewed,
    reviewed = wanted AS is_of_head,
    in_time,
    coalesce(is_author, FALSE) AS by_author,
    coalesce(is_last_pusher, FALSE) AS by_last_pusher,
    in_time AND verdict <> 'commented' AND position = arg_max(position, (given_at, position))
        FILTER (WHERE in_time AND verdict <> 'commented')
        OVER (PARTITION BY change_key, person) AS stands,
    source,
    assurance
FROM ordered
LEFT JOIN makers USING (change_key, person)
