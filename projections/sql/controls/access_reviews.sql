-- Reviews of rights, each with how many of the rights that it wants removed were not taken back
-- within the limit: one row a review and set of parameters of ACC-02.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.removal_max_days' AS BIGINT) * INTERVAL 1 DAY AS within
    FROM control_variants
    WHERE test = 'ACC-02'
),

reviews AS (
    SELECT *, least(occurred_at, recorded_at) AS reviewed_at
    FROM access_facts
    WHERE what = 'access.reviewed' AND target IS NOT NULL AND occurred_at IS NOT NULL
),

wanted AS (
    SELECT position, target, reviewed_at, one.subject AS subject
    FROM (SELECT position, target, reviewed_at, unnest(removals) AS one FROM reviews)
    WHERE NOT coalesce(one.done, FALSE)
),

-- The first time that somebody lost a right there, afterwards.
removed AS (
    SELECT w.position, w.subject, w.reviewed_at, r.lost_at, r.position AS lost_position
    FROM wanted AS w
    ASOF LEFT JOIN (
        SELECT target, subject, least(occurred_at, recorded_at) AS lost_at, position
        FROM access_facts
        WHERE what = 'access.revoked'
    ) AS r ON w.target = r.target AND w.subject = r.subject AND w.reviewed_at <= r.lost_at
)

SELECT
    q.variant,
    v.*,
    count(*) FILTER (
        WHERE r.position IS NOT NULL
        AND coalesce(r.lost_at, n.now) > v.reviewed_at + q.within
    ) AS not_removed,
    count(*) FILTER (
        WHERE r.position IS NOT NULL AND r.lost_at IS NULL
        AND n.now <= v.reviewed_at + q.within
    ) AS to_be_removed,
    coalesce(list(r.lost_position) FILTER (WHERE r.lost_position IS NOT NULL), []) AS lost_positions
FROM asked AS q
CROSS JOIN reviews AS v
CROSS JOIN control_now AS n
LEFT JOIN removed AS r USING (position)
GROUP BY ALL
