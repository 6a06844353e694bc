-- CHG-09: was every failed production deployment rolled back or mended in time, and does every
-- rollback say what it takes back, and go back to what was approved there before?
-- What failed is what the metrics count (R8, without what is only inferred), and what ended without
-- success. Of a rollback that failed itself, the graver word counts.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.max_hours_to_resolution' AS BIGINT) * INTERVAL 1 HOUR AS within,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'CHG-09'
),

mended AS (
    SELECT d.deployment_key, s.finished_at, s.positions
    FROM (SELECT * FROM production_deployments WHERE NOT succeeded) AS d
    ASOF JOIN (
        SELECT line, finished_at, positions FROM production_deployments WHERE succeeded
    ) AS s ON d.line = s.line AND d.finished_at < s.finished_at
),

-- Level 1 violates, 2 is too little, 3 will do.
failed AS (
    SELECT
        q.variant,
        d.deployment_key,
        list_concat(coalesce(f.positions, []), coalesce(m.positions, [])) AS positions,
        CASE
            WHEN f.deployment_key IS NULL AND NOT d.impact_unknown
                THEN {'level': 3, 'reason': 'failed before it changed anything'}
            WHEN coalesce(f.recovered_at, m.finished_at)
                <= least(f.failed_at, d.finished_at) + q.within
                THEN {'level': 3, 'reason': 'rolled back or mended in time'}
            WHEN coalesce(f.recovered_at, m.finished_at) IS NOT NULL AND f.deployment_key IS NOT NULL
                THEN {'level': 1, 'reason': 'rolled back or mended too late'}
            WHEN (SELECT now FROM control_now) <= least(f.failed_at, d.finished_at) + q.within
                THEN {'level': 2, 'reason': 'not mended yet, and not due'}
            WHEN f.deployment_key IS NULL
                THEN {'level': 2, 'reason': 'nobody says whether it changed anything'}
            ELSE {'level': 1, 'reason': 'neither rolled back nor mended'}
        END AS word
    FROM asked AS q
    CROSS JOIN production_deployments AS d
    LEFT JOIN failures AS f ON d.deployment_key = f.deployment_key AND f.is_confirmed
    LEFT JOIN mended AS m ON d.deployment_key = m.deployment_key
    WHERE d.in_window AND (NOT d.succeeded OR f.deployment_key IS NOT NULL)
),

-- All digests of a target must have been approved for there, before it went there.
approved AS (
    SELECT
        l.deployment_key,
        bool_and(a.slot_is_approved IS NOT NULL) AS may_be_approved,
        bool_and(coalesce(a.slot_is_approved, FALSE)) AS is_approved,
        min(a.strength) AS strength
    FROM deployment_slots AS l
    LEFT JOIN (
        SELECT
            deployment_key,
            slot,
            bool_or(is_of_slot) AS slot_is_approved,
            max(list_position(['imported', 'asserted', 'observed', 'decided'], assurance))
                FILTER (WHERE is_of_slot) AS strength
        FROM slot_approvals
        WHERE bound_by IS NOT NULL AND for_environment AND timing IN ('before', 'ended')
        GROUP BY deployment_key, slot
    ) AS a ON l.deployment_key = a.deployment_key AND l.slot IS NOT DISTINCT FROM a.slot
    GROUP BY l.deployment_key
),

returned AS (
    SELECT
        q.variant,
        d.deployment_key,
        list_concat(coalesce(t.positions, []), coalesce(b.positions, [])) AS positions,
        CASE
            WHEN d.target_key IS NULL
                THEN {'level': 2, 'reason': 'nobody says what it went back to'}
            WHEN (SELECT count(*) FROM approvals) = 0
                THEN {'level': 2, 'reason': 'this ledger knows of no approval at all'}
            WHEN NOT coalesce(a.may_be_approved, FALSE)
                THEN {'level': 1, 'reason': 'back to what was never approved for there'}
            WHEN NOT a.is_approved THEN {
                'level': 2,
                'reason': 'approved is a commit or release that nothing ties to the digest'
            }
            WHEN a.strength < q.least
                THEN {'level': 2, 'reason': 'the approval is a mere assertion'}
            WHEN d.rolls_back_key IS NULL
                THEN {'level': 2, 'reason': 'nobody says what it takes back'}
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], d.assurance) < q.least
                THEN {'level': 2, 'reason': 'the assurance of the rollback is too low'}
            ELSE {'level': 3, 'reason': 'back to what was approved, and names what it takes back'}
        END AS word
    FROM asked AS q
    CROSS JOIN production_deployments AS d
    LEFT JOIN approved AS a ON d.target_key = a.deployment_key
    LEFT JOIN production_deployments AS t ON d.target_key = t.deployment_key
    LEFT JOIN production_deployments AS b ON d.rolls_back_key = b.deployment_key
    WHERE d.in_window AND d.kind = 'rollback'
),

judged AS (
    SELECT
        variant,
        deployment_key,
        min(word) AS word,
        list_distinct(flatten(list(positions))) AS positions
    FROM (FROM failed UNION ALL BY NAME FROM returned)
    GROUP BY variant, deployment_key
)

SELECT
    j.variant,
    d.deployment_key AS item_key,
    'deployment' AS item,
    d.service,
    d.team,
    d.environment,
    d.repository,
    d.artifacts,
    d.finished_at AS occurred_at,
    ['violated', 'insufficient-evidence', 'satisfied'][j.word.level] AS outcome,
    j.word.reason AS reason,
    d.assurance,
    list_concat(d.positions, j.positions) AS positions
FROM judged AS j
INNER JOIN production_deployments AS d USING (deployment_key)
