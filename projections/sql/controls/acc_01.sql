-- ACC-01: was extraordinary access approved and reviewed?
-- Every use of an extraordinary right. It names who used it and who else approved it, or an
-- approval that the ledger knows; it says until when; and somebody else reviewed it within the
-- limit: by a review that names its request or approval, or else the next one of the same target.
-- Accounts of one person are one person. Not judged: why, since that text is sealed.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.review_max_days' AS BIGINT) * INTERVAL 1 DAY AS within,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'ACC-01'
),

uses AS (
    SELECT
        f.*,
        coalesce(least(f.occurred_at, f.recorded_at), f.recorded_at) AS used_at,
        coalesce(f.actor, f.subject, f.workload) AS who,
        coalesce(s.person, f.actor, f.subject, f.workload) AS person
    FROM access_facts AS f
    LEFT JOIN same_persons AS s ON coalesce(f.actor, f.subject) = s.id
    WHERE f.what = 'access.elevated'
),

reviews AS (
    SELECT
        f.*,
        coalesce(s.person, f.reviewer, f.actor) AS person,
        least(f.occurred_at, f.recorded_at) AS reviewed_at
    FROM access_facts AS f
    LEFT JOIN same_persons AS s ON coalesce(f.reviewer, f.actor) = s.id
    WHERE f.what = 'access.reviewed' AND f.occurred_at IS NOT NULL
        AND coalesce(f.outcome, 'success') NOT IN ('error', 'cancelled', 'skipped')
),

-- Reviews of this use by somebody else; the first one counts.
reviewed AS (
    SELECT position, arg_min(review, (review.reviewed_at, review.position)) AS review
    FROM (
        SELECT u.position, {'reviewed_at': r.reviewed_at, 'position': r.position,
            'recorded_at': r.recorded_at} AS review
        FROM uses AS u
        INNER JOIN reviews AS r ON r.reviews IN (u.request, u.approval)
        WHERE r.reviewed_at >= u.used_at AND r.person <> u.person
        UNION ALL
        SELECT u.position, {'reviewed_at': r.reviewed_at, 'position': r.position,
            'recorded_at': r.recorded_at}
        FROM uses AS u
        INNER JOIN (SELECT DISTINCT target, person FROM reviews WHERE reviews IS NULL) AS o
            ON u.target = o.target AND u.person <> o.person
        ASOF JOIN (SELECT * FROM reviews WHERE reviews IS NULL) AS r
            ON o.target = r.target AND o.person = r.person AND u.used_at <= r.reviewed_at
    )
    GROUP BY position
),

approved AS (
    SELECT
        u.position,
        bool_or(a.granted_from IS NOT NULL) AS is_granted,
        bool_or(a.person <> u.person) AS by_another,
        list_distinct(flatten(list(a.positions))) AS positions
    FROM uses AS u
    INNER JOIN (
        SELECT a.approval, a.granted_from, a.positions, coalesce(s.person, a.id) AS person
        FROM (SELECT *, unnest(approvers) AS id FROM approvals) AS a
        LEFT JOIN same_persons AS s USING (id)
    ) AS a USING (approval)
    GROUP BY u.position
),

told AS (
    SELECT
        q.variant,
        u.*,
        r.review,
        coalesce(a.positions, []) AS approval_positions,
        CASE
            WHEN u.redacted THEN {'level': 2, 'reason': 'its bytes were redacted'}
            WHEN u.who IS NULL THEN {'level': 1, 'reason': 'nobody knows who it was'}
            WHEN coalesce(u.approved_by, u.approval) IS NULL
                THEN {'level': 1, 'reason': 'nobody approved it'}
            WHEN coalesce(s.person, u.approved_by) = u.person OR NOT a.by_another
                THEN {'level': 1, 'reason': 'approved by the person who used it'}
            WHEN r.review IS NULL AND n.now > u.used_at + q.within
                AND (SELECT count(*) FROM reviews) = 0
                THEN {'level': 2, 'reason': 'this ledger knows of no review of access at all'}
            WHEN r.review IS NULL AND n.now > u.used_at + q.within
                THEN {'level': 1, 'reason': 'nobody else reviewed it'}
            WHEN r.review.reviewed_at > u.used_at + q.within
                THEN {'level': 1, 'reason': 'reviewed late'}
            WHEN u.approved_by IS NULL AND NOT coalesce(a.is_granted, FALSE)
                THEN {'level': 2, 'reason': 'the ledger does not know that it was approved'}
            WHEN u.until IS NULL THEN {'level': 2, 'reason': 'nobody says until when'}
            WHEN r.review.recorded_at > u.used_at + q.within AND r.review.recorded_at
                > r.review.reviewed_at + (SELECT max_ingest_delay FROM control_settings)
                THEN {'level': 2, 'reason': 'its review was recorded afterwards'}
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], u.assurance) < q.least
                THEN {'level': 2, 'reason': 'it is too weakly assured'}
            WHEN r.review IS NULL THEN {'level': 3, 'reason': 'its review is not due yet'}
            ELSE {'level': 4, 'reason': 'approved and reviewed by others'}
        END AS word
    FROM asked AS q
    CROSS JOIN uses AS u
    CROSS JOIN control_now AS n
    LEFT JOIN reviewed AS r USING (position)
    LEFT JOIN approved AS a USING (position)
    LEFT JOIN same_persons AS s ON u.approved_by = s.id
)

SELECT
    t.variant,
    'access ' || t.position AS item_key,
    'extraordinary access' AS item,
    t.service,
    t.environment,
    t.repository,
    CAST([] AS VARCHAR[]) AS artifacts,
    t.used_at AS occurred_at,
    ['violated', 'insufficient-evidence', 'not-applicable', 'satisfied'][t.word.level] AS outcome,
    t.word.reason AS reason,
    t.assurance,
    list_concat(
        [one FOR one IN [t.position, t.review.position] IF one IS NOT NULL], t.approval_positions
    ) AS positions
FROM told AS t
CROSS JOIN parameters AS p
WHERE t.used_at >= p.window_from AND t.used_at < p.window_to
