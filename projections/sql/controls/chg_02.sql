-- CHG-02: was every production deployment authorised before?
-- Each digest that it brought needs an approval that is bound to it (or to what it was built from,
-- or to the whole deployment), for this environment, given before it began, not ended, not too old.
-- A rollback to what was approved for, and ran with success in, this environment is approved. What
-- an emergency covers is excepted here, and its approval afterwards is CHG-06.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.approval_max_age_days' AS BIGINT) AS max_age_days,
        CAST(parameters ->> '$.allow_policy_auto_approval' AS BOOLEAN) AS policy_may_approve,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'CHG-02'
),

-- How far each approval goes for each digest: 9 is enough, 5 to 8 may be, below that is not.
weighed AS (
    SELECT
        q.variant,
        a.deployment_key,
        a.slot,
        a.positions,
        a.assurance,
        a.approval_key,
        CASE
            WHEN a.bound_by IS NULL THEN 1
            WHEN NOT a.for_environment AND NOT a.for_any THEN 2
            WHEN a.timing IN ('never', 'not independent', 'after', 'ended') THEN 3
            WHEN d.began_at - a.granted_from > q.max_age_days * INTERVAL 1 DAY THEN 4
            WHEN a.for_any OR NOT a.is_of_slot THEN 5
            WHEN a.timing = 'undated' THEN 6
            WHEN a.timing = 'recorded afterwards' THEN 7
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], a.assurance) < q.least
                THEN 8
            ELSE 9
        END AS weight,
        CASE
            WHEN a.bound_by IS NULL THEN 'approved is something else: another digest or commit'
            WHEN NOT a.for_environment AND NOT a.for_any THEN 'approved for another environment'
            WHEN a.timing = 'never' THEN
                CASE WHEN a.state = 'rejected' THEN 'refused' ELSE 'asked for, never granted' END
            WHEN a.timing = 'not independent'
                THEN 'granted by who asked for or made it, or by too few persons'
            WHEN a.timing = 'after' THEN 'approved after it began'
            WHEN a.timing = 'ended' THEN 'the approval had ended'
            WHEN d.began_at - a.granted_from > q.max_age_days * INTERVAL 1 DAY
                THEN 'the approval was too old'
            WHEN a.for_any THEN 'nobody says for which environment it was approved'
            WHEN NOT a.is_of_slot
                THEN 'approved is a commit or release that nothing ties to the digest'
            WHEN a.timing = 'undated' THEN 'the approval has no time of its own'
            WHEN a.timing = 'recorded afterwards' THEN 'the approval was recorded afterwards'
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], a.assurance) < q.least
                THEN 'the approval is a mere assertion'
            ELSE 'approved'
        END AS reason
    FROM asked AS q
    CROSS JOIN slot_approvals AS a
    INNER JOIN production_deployments AS d USING (deployment_key)
    UNION ALL
    -- A policy's own last word, where the organisation lets it approve.
    SELECT
        q.variant, e.deployment_key, e.slot, [e.position], e.assurance, NULL, o.weight,
        CASE WHEN o.weight = 9 THEN 'allowed by a policy' ELSE 'the approval was too old' END
    FROM asked AS q
    INNER JOIN deployment_decisions AS e
        ON q.policy_may_approve AND e.outcome = 'allow' AND e.timing = 'before'
        AND NOT e.is_denied_since
        AND list_position(['imported', 'asserted', 'observed', 'decided'], e.assurance) >= q.least
    INNER JOIN production_deployments AS d
        ON e.deployment_key = d.deployment_key AND e.environment = d.environment,
    LATERAL (
        SELECT
            CASE WHEN d.began_at - e.occurred_at > q.max_age_days * INTERVAL 1 DAY THEN 4 ELSE 9 END
                AS weight
    ) AS o
),

best AS (
    SELECT
        q.variant,
        s.deployment_key,
        s.slot,
        coalesce(max(w.weight), 0) AS weight,
        coalesce(arg_max(w.reason, (w.weight, w.positions)), 'no approval') AS reason,
        coalesce(arg_max(w.positions, (w.weight, w.positions)), []) AS positions,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'],
            arg_max(w.assurance, (w.weight, w.positions))
        ) AS strength
    FROM asked AS q
    CROSS JOIN deployment_slots AS s
    LEFT JOIN weighed AS w
        ON q.variant = w.variant AND s.deployment_key = w.deployment_key
        AND s.slot IS NOT DISTINCT FROM w.slot
    GROUP BY q.variant, s.deployment_key, s.slot
),

-- The digest that goes least far decides.
direct AS (
    SELECT
        variant,
        deployment_key,
        min(weight) AS weight,
        arg_min(reason, (weight, positions)) AS reason,
        min(strength) AS strength,
        list_sort(list_distinct(flatten(list(positions)))) AS positions
    FROM best
    GROUP BY variant, deployment_key
),

returned AS (
    SELECT d.variant, r.deployment_key, min(t.positions) AS positions
    FROM production_deployments AS r
    INNER JOIN production_deployments AS t ON r.target_key = t.deployment_key
    INNER JOIN direct AS d ON t.deployment_key = d.deployment_key AND d.weight = 9
    WHERE r.kind = 'rollback' AND t.succeeded AND r.artifacts = t.artifacts
    GROUP BY d.variant, r.deployment_key
),

urgent AS (
    SELECT deployment_key, list_distinct(flatten(list(positions))) AS positions
    FROM emergency_deployments
    GROUP BY deployment_key
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
    CASE
        WHEN d.is_dated AND (j.weight = 9 OR r.deployment_key IS NOT NULL) THEN 'satisfied'
        WHEN u.deployment_key IS NOT NULL THEN 'excepted'
        WHEN NOT d.is_dated AND j.weight > 0 THEN 'insufficient-evidence'
        WHEN j.weight >= 5 THEN 'insufficient-evidence'
        WHEN (SELECT count(*) FROM approvals) = 0 THEN 'insufficient-evidence'
        ELSE 'violated'
    END AS outcome,
    CASE
        WHEN d.is_dated AND j.weight = 9 THEN j.reason
        WHEN d.is_dated AND r.deployment_key IS NOT NULL
            THEN 'back to what was approved for here and ran here'
        WHEN u.deployment_key IS NOT NULL THEN 'emergency, see CHG-06'
        WHEN NOT d.is_dated AND j.weight > 0 THEN 'the deployment has no time of its own'
        WHEN (SELECT count(*) FROM approvals) = 0 THEN 'this ledger knows of no approval at all'
        ELSE j.reason
    END AS reason,
    ['imported', 'asserted', 'observed', 'decided'][least(
        list_position(['imported', 'asserted', 'observed', 'decided'], d.assurance), j.strength
    )] AS assurance,
    list_concat(d.positions, coalesce(r.positions, []), coalesce(u.positions, []), j.positions)
        AS positions
FROM direct AS j
INNER JOIN production_deployments AS d USING (deployment_key)
LEFT JOIN returned AS r USING (variant, deployment_key)
LEFT JOIN urgent AS u USING (deployment_key)
WHERE d.in_window
