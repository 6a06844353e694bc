-- Moves of protected branches, with the reviewed change each came by, if any: one row a move. A
-- change that was merged long after a push is not how that came.
WITH moves AS (
    SELECT
        r.position,
        r.repository,
        b.branch,
        r.after,
        coalesce(r.deleted, FALSE) AS deleted,
        coalesce(r.forced, FALSE) AS forced,
        coalesce(r.created, FALSE) AS created,
        coalesce(s.person, r.pusher) AS pusher,
        r.pusher AS pushed_as,
        least(r.occurred_at, r.recorded_at) AS occurred_at,
        r.recorded_at,
        r.assurance
    FROM ref_facts AS r
    INNER JOIN protected_branches AS b
        ON r.repository = b.repository AND regexp_replace(r.ref, '^refs/heads/', '') = b.branch
    LEFT JOIN same_persons AS s ON r.pusher = s.id
),

-- What a branch begins with may be what another protected one of the repository holds already.
stood AS (
    SELECT repository, after, min(position) AS position FROM moves WHERE NOT created GROUP BY ALL
),

came AS (
    SELECT
        v.position,
        arg_max(c.change_key, (
            list_position(['unreviewed', 'doubtful', 'reviewed'], w.review), c.change_key
        )) AS change_key
    FROM moves AS v
    INNER JOIN change_commits AS c ON v.after = c.commit
    INNER JOIN merged_changes AS m
        ON c.change_key = m.change_key AND v.repository = m.repository
        AND (v.branch = m.branch OR m.branch IS NULL OR v.created)
    INNER JOIN reviewed_changes AS w ON c.change_key = w.change_key
    WHERE m.merged_at <= v.recorded_at + (SELECT max_ingest_delay FROM control_settings)
    GROUP BY v.position
)

SELECT
    v.*,
    c.change_key,
    w.review,
    w.assurance AS review_assurance,
    coalesce(w.positions, []) AS review_positions,
    v.created AND s.position IS NOT NULL AND s.position < v.position AS stood_before
FROM moves AS v
LEFT JOIN came AS c USING (position)
LEFT JOIN reviewed_changes AS w USING (change_key)
LEFT JOIN stood AS s ON v.repository = s.repository AND v.after = s.after
