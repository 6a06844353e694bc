-- Reviews of proposed changes: one row a review. It stands until the same reviewer says otherwise
-- or it is dismissed; a comment takes nothing back.
WITH given AS (
    SELECT
        repository || '#' || number AS change_key,
        repository,
        number,
        position,
        occurred_at AS given_at,
        reviewer,
        verdict,
        reviewed,
        assurance,
        source
    FROM change_facts
    WHERE what = 'reviewed' AND repository IS NOT NULL AND number IS NOT NULL
        AND reviewer IS NOT NULL
),

-- What a change was merged with is settled by then: a later review does not concern it.
ordered AS (
    SELECT
        g.*,
        m.author,
        m.co_authors,
        m.last_pusher,
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
    coalesce(reviewer = author, FALSE) OR list_contains(co_authors, reviewer) AS by_author,
    coalesce(reviewer = last_pusher, FALSE) AS by_last_pusher,
    in_time AND verdict <> 'commented' AND position = arg_max(position, (given_at, position))
        FILTER (WHERE in_time AND verdict <> 'commented')
        OVER (PARTITION BY change_key, reviewer) AS stands,
    source,
    assurance
FROM ordered
