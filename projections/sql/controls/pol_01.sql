-- POL-01: is every decision of a policy kept with what it rests on, and did nothing go to
-- production without one, or against one?
-- A decision needs its policy and that policy's version (by digest, or as it was published before),
-- what it is about, and where it denies, why. A deployment needs a decision before it began, for
-- each digest. The last word of each policy counts; one that only advises stops nothing. A denial
-- is overridden by an approval given after it, or by an emergency.
WITH asked AS (
    SELECT
        variant,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'POL-01'
),

kept AS (
    SELECT
        q.variant,
        'decision' AS item,
        concat_ws(' ', v.name, v.position) AS item_key,
        v.service,
        CAST(NULL AS VARCHAR) AS team,
        v.environment,
        v.repository,
        [one FOR one IN [v.artifact] IF one IS NOT NULL] AS artifacts,
        v.decided_at AS occurred_at,
        v.assurance,
        [v.position] AS positions,
        CASE
            WHEN v.redacted THEN {'level': 2, 'reason': 'what was decided is redacted'}
            WHEN v.decision IS NULL THEN {'level': 2, 'reason': 'nobody says what was decided'}
            WHEN v.name IS NULL OR v.version_digest IS NULL
                THEN {'level': 2, 'reason': 'nobody says which version of the policy decided'}
            WHEN coalesce(v.artifact, v.commit, v.release, v.run, v.target) IS NULL
                AND len(coalesce(v.inputs, [])) = 0
                THEN {'level': 2, 'reason': 'nobody says what was decided about'}
            WHEN v.decision = 'deny' AND v.has_reasons IS NOT TRUE
                THEN {'level': 2, 'reason': 'nobody says why it was denied'}
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], v.assurance) < q.least
                THEN {'level': 2, 'reason': 'the assurance of the decision is too low'}
            ELSE {'level': 4, 'reason': 'kept with its policy and its object'}
        END AS word
    FROM asked AS q
    CROSS JOIN policy_decisions AS v
),

overridden AS (
    SELECT
        deployment_key,
        slot,
        q.variant,
        max(granted_from) FILTER (WHERE is_of_slot AND list_position(
            ['imported', 'asserted', 'observed', 'decided'], assurance
        ) >= q.least) AS granted_from,
        max(granted_from) FILTER (WHERE is_of_slot) AS weakly_from,
        max(granted_from) AS perhaps_from,
        list_distinct(flatten(list(positions))) AS positions
    FROM asked AS q
    CROSS JOIN slot_approvals
    WHERE bound_by IS NOT NULL AND for_environment AND timing = 'before'
    GROUP BY q.variant, deployment_key, slot
),

urgent AS (
    SELECT deployment_key, list_distinct(flatten(list(positions))) AS positions
    FROM emergency_deployments
    GROUP BY deployment_key
),

summed AS (
    SELECT
        q.variant,
        l.deployment_key,
        l.slot,
        any_value(l.is_known) AS is_known,
        max(w.occurred_at) FILTER (
            WHERE w.denies AND coalesce(w.enforcement, 'hard') = 'hard'
        ) AS denied_at,
        bool_or(w.timing = 'before' AND w.outcome IN ('allow', 'warn', 'deny') AND list_position(
            ['imported', 'asserted', 'observed', 'decided'], w.assurance
        ) >= q.least) AS is_decided,
        bool_or(w.timing = 'before' AND w.outcome IN ('allow', 'warn', 'deny')) AS is_told,
        bool_or(w.timing = 'before' AND w.outcome = 'undecided') AS is_undecided,
        bool_or(w.timing IN ('undated', 'recorded afterwards')) AS is_unproved,
        bool_or(w.timing = 'after') AS is_late,
        coalesce(list(w.position ORDER BY w.position) FILTER (WHERE w.position IS NOT NULL), [])
            AS positions
    FROM asked AS q
    CROSS JOIN deployment_slots AS l
    LEFT JOIN deployment_decisions AS w
        ON l.deployment_key = w.deployment_key AND l.slot IS NOT DISTINCT FROM w.slot
    GROUP BY q.variant, l.deployment_key, l.slot
),

worded AS (
    SELECT
        s.variant,
        s.deployment_key,
        CASE
            WHEN o.granted_from >= s.denied_at
                THEN {'level': 4, 'reason': 'denied, and overridden by an approval'}
            WHEN s.denied_at IS NOT NULL AND u.deployment_key IS NOT NULL
                THEN {'level': 3, 'reason': 'emergency, see CHG-06'}
            WHEN o.weakly_from >= s.denied_at
                THEN {'level': 2, 'reason': 'the approval is a mere assertion'}
            WHEN o.perhaps_from >= s.denied_at THEN {
                'level': 2,
                'reason': 'approved is a commit or release that nothing ties to the digest'
            }
            WHEN s.denied_at IS NOT NULL
                THEN {'level': 1, 'reason': 'deployed although a policy denied it'}
            WHEN s.is_decided THEN {'level': 4, 'reason': 'decided before'}
            WHEN NOT s.is_known THEN {'level': 2, 'reason': 'nobody says what was deployed'}
            WHEN s.is_told THEN {'level': 2, 'reason': 'the assurance of the decision is too low'}
            WHEN s.is_undecided THEN {'level': 2, 'reason': 'no policy could decide'}
            WHEN s.is_unproved
                THEN {'level': 2, 'reason': 'nothing shows that it was decided before'}
            WHEN (SELECT count(*) FROM policy_decisions) = 0
                THEN {'level': 2, 'reason': 'this ledger knows of no decision at all'}
            WHEN s.is_late THEN {'level': 1, 'reason': 'decided after it began'}
            ELSE {'level': 1, 'reason': 'deployed without a decision'}
        END AS word,
        list_concat(
            s.positions,
            CASE
                WHEN s.denied_at IS NULL THEN []
                ELSE list_concat(coalesce(o.positions, []), coalesce(u.positions, []))
            END
        ) AS positions
    FROM summed AS s
    LEFT JOIN overridden AS o
        ON s.variant = o.variant AND s.deployment_key = o.deployment_key
        AND s.slot IS NOT DISTINCT FROM o.slot
    LEFT JOIN urgent AS u ON s.deployment_key = u.deployment_key
),

-- The digest that goes least far decides.
judged AS (
    SELECT
        variant,
        deployment_key,
        min(word) AS word,
        list_distinct(flatten(list(positions))) AS positions
    FROM worded
    GROUP BY variant, deployment_key
),

whole AS (
    SELECT * FROM kept
    UNION ALL BY NAME
    SELECT
        j.variant,
        'deployment' AS item,
        d.deployment_key AS item_key,
        d.service,
        d.team,
        d.environment,
        d.repository,
        d.artifacts,
        d.finished_at AS occurred_at,
        d.assurance,
        list_concat(d.positions, j.positions) AS positions,
        j.word
    FROM judged AS j
    INNER JOIN production_deployments AS d USING (deployment_key)
)

SELECT
    variant,
    item_key,
    item,
    service,
    team,
    environment,
    repository,
    artifacts,
    occurred_at,
    ['violated', 'insufficient-evidence', 'excepted', 'satisfied'][word.level] AS outcome,
    word.reason AS reason,
    assurance,
    positions
FROM whole
WHERE occurred_at >= (SELECT window_from FROM parameters)
    AND occurred_at < (SELECT window_to FROM parameters)
