-- ACC-03: were rights granted after an approval, and taken back in time?
-- Every right that was granted or taken back. A grant names somebody else who approved it, or an
-- approval that the ledger knows as granted before, and not ended. Taking back says since when it
-- was wanted. Not judged: rights that nobody ever wanted taken back, since no list of people is
-- here.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.revoke_max_hours' AS BIGINT) * INTERVAL 1 HOUR AS within,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'ACC-03'
),

moves AS (
    SELECT
        f.*,
        coalesce(least(f.occurred_at, f.recorded_at), f.recorded_at) AS moved_at,
        coalesce(s.person, f.subject) AS holder,
        coalesce(b.person, f.approved_by) AS approver
    FROM access_facts AS f
    LEFT JOIN same_persons AS s ON f.subject = s.id
    LEFT JOIN same_persons AS b ON f.approved_by = b.id
    WHERE f.what IN ('access.granted', 'access.revoked')
),

approvers AS (
    SELECT a.approval_key, list(coalesce(s.person, a.id)) AS persons
    FROM (SELECT approval_key, unnest(approvers) AS id FROM approvals) AS a
    LEFT JOIN same_persons AS s USING (id)
    GROUP BY a.approval_key
),

-- 9 is enough, 4 to 6 may be, below that is not.
weighed AS (
    SELECT
        m.position,
        a.positions,
        list_position(['imported', 'asserted', 'observed', 'decided'], a.assurance) AS strength,
        CASE
            WHEN NOT list_contains([one IS DISTINCT FROM m.holder FOR one IN h.persons], TRUE) THEN 1
            WHEN a.granted_from > m.moved_at THEN 2
            WHEN a.granted_until <= m.moved_at THEN 3
            WHEN a.granted_from IS NULL THEN 4
            WHEN NOT g.is_dated THEN 5
            WHEN g.recorded_at > m.moved_at
                AND g.recorded_at > a.granted_from + (SELECT max_ingest_delay FROM control_settings)
                THEN 6
            ELSE 9
        END AS weight
    FROM moves AS m
    INNER JOIN approvals AS a USING (approval)
    INNER JOIN approvers AS h USING (approval_key)
    LEFT JOIN approval_grants AS g USING (approval_key)
    WHERE m.what = 'access.granted'
),

approved AS (
    SELECT
        position,
        max(weight) AS weight,
        arg_max(strength, (weight, strength)) AS strength,
        list_distinct(flatten(list(positions))) AS positions
    FROM weighed
    GROUP BY position
),

told AS (
    SELECT
        q.variant,
        m.*,
        coalesce(a.positions, []) AS approval_positions,
        CASE WHEN m.approver IS NULL THEN a.strength END AS approval_strength,
        CASE
            WHEN m.redacted THEN {'level': 2, 'reason': 'its bytes were redacted'}
            WHEN m.what = 'access.revoked' AND m.requested_at IS NULL
                THEN {'level': 2, 'reason': 'nobody says since when it was to be taken back'}
            WHEN m.what = 'access.revoked' AND m.moved_at > m.requested_at + q.within
                THEN {'level': 1, 'reason': 'taken back late'}
            WHEN m.what = 'access.granted' AND coalesce(m.approver, m.approval) IS NULL
                AND NOT EXISTS (FROM access_facts WHERE coalesce(approved_by, approval) IS NOT NULL)
                THEN {'level': 2, 'reason': 'this ledger knows of no approval of rights at all'}
            WHEN m.what = 'access.granted' AND coalesce(m.approver, m.approval) IS NULL
                THEN {'level': 1, 'reason': 'granted without an approval'}
            WHEN m.what = 'access.granted' AND (m.approver = m.holder OR a.weight = 1)
                THEN {'level': 1, 'reason': 'approved by the person who got it'}
            WHEN m.approver IS NULL AND a.weight = 2
                THEN {'level': 1, 'reason': 'approved after it was granted'}
            WHEN m.approver IS NULL AND a.weight = 3
                THEN {'level': 1, 'reason': 'the approval had ended'}
            WHEN m.what = 'access.granted' AND m.approver IS NULL AND coalesce(a.weight, 4) = 4
                THEN {'level': 2, 'reason': 'the ledger does not know that it was approved'}
            WHEN coalesce(m.time_basis, 'source') NOT IN ('source', 'caller')
                THEN {'level': 2, 'reason': 'it has no time of its own'}
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], m.assurance) < q.least
                THEN {'level': 2, 'reason': 'it is too weakly assured'}
            WHEN m.approver IS NULL AND a.weight = 5
                THEN {'level': 2, 'reason': 'the approval has no time of its own'}
            WHEN m.approver IS NULL AND a.weight = 6
                THEN {'level': 2, 'reason': 'the approval was recorded afterwards'}
            WHEN m.approver IS NULL AND a.strength < q.least
                THEN {'level': 2, 'reason': 'the approval is too weakly assured'}
            WHEN m.what = 'access.revoked' AND m.recorded_at > m.requested_at + q.within AND m.recorded_at
                > m.moved_at + (SELECT max_ingest_delay FROM control_settings)
                THEN {'level': 2, 'reason': 'it was recorded afterwards'}
            WHEN m.what = 'access.revoked' THEN {'level': 4, 'reason': 'taken back in time'}
            ELSE {'level': 4, 'reason': 'approved by somebody else'}
        END AS word
    FROM asked AS q
    CROSS JOIN moves AS m
    LEFT JOIN approved AS a USING (position)
)

SELECT
    t.variant,
    'right ' || t.position AS item_key,
    t.what AS item,
    t.service,
    t.environment,
    t.repository,
    CAST([] AS VARCHAR[]) AS artifacts,
    t.moved_at AS occurred_at,
    ['violated', 'insufficient-evidence', NULL, 'satisfied'][t.word.level] AS outcome,
    t.word.reason AS reason,
    ['imported', 'asserted', 'observed', 'decided'][least(
        list_position(['imported', 'asserted', 'observed', 'decided'], t.assurance),
        t.approval_strength
    )] AS assurance,
    list_concat([t.position], t.approval_positions) AS positions
FROM told AS t
CROSS JOIN parameters AS p
WHERE t.moved_at >= p.window_from AND t.moved_at < p.window_to
