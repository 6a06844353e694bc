-- INC-01: did every incident go through its stages?
-- Noticed, taken on within the limit, called grave or not, owned, contained, over; and of a grave
-- one reviewed after its end within the limit. What ended an outage contained it; of what concerns
-- security or privacy somebody must say when it was contained.
-- An incident under way is judged by the stages whose time has come.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.review_max_days' AS BIGINT) * INTERVAL 1 DAY AS review_within,
        CAST(parameters ->> '$.ack_max_minutes' AS BIGINT) * INTERVAL 1 MINUTE AS ack_within,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'INC-01'
),

known AS (
    SELECT
        count(*) FILTER (WHERE what = 'acknowledged') > 0 AS acknowledgements,
        count(*) FILTER (WHERE severity IS NOT NULL) > 0 AS severities,
        count(*) FILTER (WHERE coalesce(owner, acknowledged_by) IS NOT NULL) > 0 AS owners,
        count(*) FILTER (WHERE reviewed) > 0 AS reviews
    FROM incident_facts
),

-- 1 violates, 2 is too little, 3 is not due yet.
told AS (
    SELECT
        q.variant,
        i.*,
        coalesce(s.assurance, 'asserted') AS assurance,
        least(
            coalesce(i.started_at, s.detected_at, i.acknowledged_at, i.ended_at), s.recorded_at
        ) AS began_at,
        [
            CASE
                WHEN coalesce(s.detected_at, i.started_at) IS NULL
                    THEN {'level': 1, 'reason': 'nobody says when it was noticed'}
            END,
            CASE
                WHEN s.acknowledged IS NULL AND i.ended_at IS NULL
                    AND n.now <= coalesce(s.detected_at, i.started_at) + q.ack_within
                    THEN {'level': 3, 'reason': 'not over yet'}
                WHEN s.acknowledged IS NULL AND NOT k.acknowledgements THEN {
                    'level': 2, 'reason': 'this ledger knows of nobody who took an incident on'
                }
                WHEN s.acknowledged IS NULL THEN {'level': 1, 'reason': 'nobody took it on'}
                WHEN s.acknowledged.at > coalesce(s.detected_at, i.started_at) + q.ack_within
                    THEN {'level': 1, 'reason': 'taken on late'}
                WHEN s.acknowledged.timing = 'undated'
                    THEN {'level': 2, 'reason': 'nobody says when it was taken on'}
                WHEN s.acknowledged.timing = 'recorded afterwards'
                    THEN {'level': 2, 'reason': 'that it was taken on was recorded afterwards'}
                WHEN list_position(
                    ['imported', 'asserted', 'observed', 'decided'], s.acknowledged.assurance
                ) < q.least THEN {'level': 2, 'reason': 'it is too weakly assured'}
            END,
            CASE
                WHEN i.severity IS NULL AND NOT k.severities
                    THEN {'level': 2, 'reason': 'this ledger knows how grave no incident was'}
                WHEN i.severity IS NULL THEN {'level': 1, 'reason': 'nobody says how grave it was'}
            END,
            CASE
                WHEN s.owner IS NULL AND i.ended_at IS NOT NULL AND NOT k.owners
                    THEN {'level': 2, 'reason': 'this ledger knows of no owner of an incident'}
                WHEN s.owner IS NULL AND i.ended_at IS NOT NULL
                    THEN {'level': 1, 'reason': 'nobody owned it'}
            END,
            CASE
                WHEN s.contained_at IS NULL AND i.ended_at IS NOT NULL
                    AND i.category IN ('security', 'privacy')
                    THEN {'level': 1, 'reason': 'nobody says when it was contained'}
            END,
            CASE WHEN i.ended_at IS NULL THEN {'level': 3, 'reason': 'not over yet'} END,
            CASE
                WHEN NOT coalesce(s.is_grave OR s.is_unclear, FALSE) OR i.ended_at IS NULL THEN NULL
                WHEN NOT s.is_grave AND n.now > i.ended_at + q.review_within
                    AND coalesce(s.reviewed.at > i.ended_at + q.review_within, TRUE)
                    THEN {'level': 2, 'reason': 'it was called by a word that may mean grave or not'}
                WHEN s.reviewed.at > i.ended_at + q.review_within
                    THEN {'level': 1, 'reason': 'reviewed late'}
                WHEN s.reviewed IS NULL AND n.now <= i.ended_at + q.review_within
                    THEN {'level': 3, 'reason': 'its review is not due yet'}
                WHEN s.reviewed IS NULL AND NOT k.reviews
                    THEN {'level': 2, 'reason': 'this ledger knows of no review of an incident'}
                WHEN s.reviewed IS NULL THEN {'level': 1, 'reason': 'never reviewed'}
                WHEN s.reviewed.timing = 'undated'
                    THEN {'level': 2, 'reason': 'nobody says when it was reviewed'}
                WHEN s.reviewed.timing = 'recorded afterwards'
                    AND s.reviewed.recorded_at > i.ended_at + q.review_within
                    THEN {'level': 2, 'reason': 'its review was recorded afterwards'}
                WHEN list_position(
                    ['imported', 'asserted', 'observed', 'decided'], s.reviewed.assurance
                ) < q.least THEN {'level': 2, 'reason': 'it is too weakly assured'}
            END
        ] AS words
    FROM asked AS q
    CROSS JOIN (
        SELECT i.* REPLACE (coalesce(s.ended_at, i.ended_at) AS ended_at)
        FROM incidents AS i
        LEFT JOIN incident_stages AS s ON i.incident_key = s.incident_key AND NOT i.derived
    ) AS i
    CROSS JOIN control_now AS n
    CROSS JOIN known AS k
    LEFT JOIN incident_stages AS s ON i.incident_key = s.incident_key AND NOT i.derived
),

-- The first of the gravest words decides.
decided AS (
    SELECT
        *,
        coalesce(
            [
                one
                FOR one IN words
                IF one.level = list_min([other.level FOR other IN words IF other IS NOT NULL])
            ][1],
            {'level': 4, 'reason': 'went through its stages'}
        ) AS word
    FROM told
)

SELECT
    t.variant,
    t.incident_key AS item_key,
    'incident' AS item,
    t.service,
    t.team,
    t.environment,
    t.repositories[1] AS repository,
    CAST([] AS VARCHAR[]) AS artifacts,
    t.began_at AS occurred_at,
    ['violated', 'insufficient-evidence', 'not-applicable', 'satisfied'][t.word.level] AS outcome,
    t.word.reason AS reason,
    t.assurance,
    t.positions
FROM decided AS t
CROSS JOIN parameters AS p
WHERE t.began_at >= p.window_from AND t.began_at < p.window_to
