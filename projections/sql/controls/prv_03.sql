-- PRV-03: was a signature of every deployed digest verified before the deployment began?
-- A verified attestation is a verified signature, whatever it states, until the same is checked
-- again and does not verify. That a cluster admitted something does not say that its policy asked
-- for one. Which identities may sign is in the policy of whoever verifies; the ledger does not know
-- it.
WITH asked AS (
    SELECT
        variant,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'PRV-03'
),

weighed AS (
    SELECT
        q.variant, e.deployment_key, e.slot, e.position, e.assurance,
        CASE
            WHEN e.what = 'artifact.signed' THEN 2
            WHEN e.what = 'admission.decided' THEN 4
            WHEN e.timing = 'after' THEN 3
            WHEN e.outcome <> 'success' OR e.refuted_at > e.occurred_at THEN 0
            WHEN e.timing = 'undated' THEN 5
            WHEN e.timing = 'recorded afterwards' THEN 6
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], e.assurance) < q.least
                THEN 7
            ELSE 9
        END AS weight
    FROM asked AS q
    CROSS JOIN (
        SELECT *, max(occurred_at) FILTER (WHERE outcome <> 'success' AND timing <> 'after') OVER (
            PARTITION BY deployment_key, slot, what, kind, tool
        ) AS refuted_at
        FROM slot_evidence
        WHERE what <> 'admission.decided' OR outcome = 'allow'
    ) AS e
    WHERE e.bound_by = 'artifact' AND (
        e.what IN ('attestation.verified', 'artifact.signed')
        OR (e.what = 'admission.decided' AND e.outcome = 'allow' AND e.timing = 'before')
    )
),

best AS (
    SELECT
        q.variant,
        l.deployment_key,
        CASE
            WHEN l.slot IS NULL THEN 4.5
            WHEN max(w.weight) = 9 THEN 9
            WHEN min(w.weight) = 0 THEN 0
            ELSE coalesce(max(w.weight), 1)
        END AS weight,
        max(list_position(['imported', 'asserted', 'observed', 'decided'], w.assurance))
            FILTER (WHERE w.weight = 9) AS strength,
        coalesce(list(w.position ORDER BY w.position) FILTER (WHERE w.position IS NOT NULL), [])
            AS positions
    FROM asked AS q
    CROSS JOIN deployment_slots AS l
    LEFT JOIN weighed AS w
        ON q.variant = w.variant AND l.deployment_key = w.deployment_key AND l.slot = w.slot
    GROUP BY q.variant, l.deployment_key, l.slot
),

judged AS (
    SELECT
        variant,
        deployment_key,
        min(weight) AS weight,
        min(strength) AS strength,
        list_distinct(flatten(list(positions))) AS positions
    FROM best
    GROUP BY variant, deployment_key
),

told AS (
    SELECT
        j.*,
        CASE
            WHEN j.weight = 0 THEN 'violated: its signature did not verify'
            WHEN j.weight = 4.5 THEN 'nobody says which digest was deployed'
            WHEN (
                SELECT count(*) FROM build_facts WHERE what IN ('attestation.verified', 'artifact.signed')
            ) = 0 THEN 'this ledger knows of no signature at all'
            WHEN j.weight = 1 THEN 'violated: no signature was verified'
            WHEN j.weight = 2 THEN 'violated: signed, but nobody verified it'
            WHEN j.weight = 3 THEN 'violated: verified after it began'
            WHEN j.weight = 4 THEN 'admitted, but nobody says that its signature was verified'
            WHEN NOT d.is_dated THEN 'the deployment has no time of its own'
            WHEN j.weight = 5 THEN 'the verification has no time of its own'
            WHEN j.weight = 6 THEN 'the verification was recorded afterwards'
            WHEN j.weight = 7 THEN 'the assurance of the verification is too low'
            ELSE 'satisfied: verified before'
        END AS verdict
    FROM judged AS j
    INNER JOIN production_deployments AS d USING (deployment_key)
)

SELECT
    t.variant,
    d.deployment_key AS item_key,
    'deployment' AS item,
    d.service,
    d.team,
    d.environment,
    d.repository,
    d.artifacts,
    d.finished_at AS occurred_at,
    CASE
        WHEN starts_with(t.verdict, 'violated: ') THEN 'violated'
        WHEN starts_with(t.verdict, 'satisfied: ') THEN 'satisfied'
        ELSE 'insufficient-evidence'
    END AS outcome,
    regexp_replace(t.verdict, '^(violated|satisfied): ', '') AS reason,
    ['imported', 'asserted', 'observed', 'decided'][least(
        list_position(['imported', 'asserted', 'observed', 'decided'], d.assurance), t.strength
    )] AS assurance,
    list_concat(d.positions, t.positions) AS positions
FROM told AS t
INNER JOIN production_deployments AS d USING (deployment_key)
WHERE d.in_window
