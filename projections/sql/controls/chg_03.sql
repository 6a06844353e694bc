-- CHG-03: are those who made, approved and (where asked) deployed it different people?
-- Accounts of one person are one, chains of links included. A workload is its owner, once the two
-- are linked; until then nobody can be compared with it.
-- Compared are the approvals that cover the deployment; reviews of its changes are CHG-01.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.deployer_must_differ' AS BOOLEAN) AS deployer_must_differ,
        CAST(parameters ->> '$.count_coauthors' AS BOOLEAN) AS count_coauthors,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'CHG-03'
),

-- One that has ended since was given by a person all the same.
relied AS (
    SELECT DISTINCT deployment_key, approval_key, approvers, authors, assurance, timing, positions
    FROM deployment_approvals
    WHERE bound_by IS NOT NULL AND (for_environment OR for_any) AND timing NOT IN ('never', 'after')
),

approving AS (
    SELECT r.deployment_key, coalesce(s.person, r.id) AS person
    FROM (SELECT deployment_key, unnest(approvers) AS id FROM relied) AS r
    LEFT JOIN same_persons AS s USING (id)
),

making AS (
    SELECT deployment_key, person, role, position FROM deployment_people
    UNION ALL
    SELECT r.deployment_key, coalesce(s.person, r.id), 'author', NULL
    FROM (SELECT deployment_key, unnest(authors) AS id FROM relied) AS r
    LEFT JOIN same_persons AS s USING (id)
),

deploying AS (
    SELECT d.deployment_key, coalesce(s.person, d.id) AS person
    FROM (
        SELECT deployment_key, unnest([actor, triggered_by]) AS id FROM production_deployments
    ) AS d
    LEFT JOIN same_persons AS s USING (id)
    WHERE d.id IS NOT NULL
),

-- A digest of which nobody says who made it may be anybody's.
unknown AS (
    SELECT DISTINCT l.deployment_key
    FROM deployment_slots AS l
    LEFT JOIN deployment_people AS p
        ON l.deployment_key = p.deployment_key AND p.basis = 'subject'
        AND (l.slot = p.artifact OR (l.of_commit AND p.artifact IS NULL))
    WHERE p.person IS NULL
),

met AS (
    SELECT
        q.variant,
        m.deployment_key,
        bool_or(a.person IS NOT NULL) AS made_and_approved,
        bool_or(d.person IS NOT NULL) AS made_and_deployed,
        bool_or(starts_with(m.person, 'wkl_')) AS made_by_workload,
        list(DISTINCT m.position) FILTER (WHERE m.position IS NOT NULL) AS positions
    FROM asked AS q
    INNER JOIN making AS m ON q.count_coauthors OR m.role = 'author'
    LEFT JOIN (SELECT DISTINCT * FROM approving) AS a USING (deployment_key, person)
    LEFT JOIN (SELECT DISTINCT * FROM deploying) AS d USING (deployment_key, person)
    GROUP BY q.variant, m.deployment_key
),

approved AS (
    SELECT
        deployment_key,
        max(CASE WHEN timing IN ('before', 'ended') THEN strength END) AS strength,
        max_by(assurance, strength) AS assurance,
        list_distinct(flatten(list(positions))) AS positions
    FROM (
        SELECT
            *,
            list_position(['imported', 'asserted', 'observed', 'decided'], assurance) AS strength
        FROM relied
    )
    GROUP BY deployment_key
),

persons AS (
    SELECT
        a.deployment_key,
        bool_or(starts_with(a.person, 'wkl_')) AS approved_by_workload,
        bool_or(d.person IS NOT NULL) AS approved_and_deployed
    FROM approving AS a
    LEFT JOIN (SELECT DISTINCT * FROM deploying) AS d USING (deployment_key, person)
    GROUP BY a.deployment_key
),

judged AS (
    SELECT
        q.variant,
        d.*,
        a.assurance AS approval_assurance,
        coalesce(a.positions, []) AS approval_positions,
        coalesce(m.positions, []) AS making_positions,
        CASE
            WHEN m.made_and_approved THEN 'violated: who made it approved it'
            WHEN q.deployer_must_differ AND m.made_and_deployed
                THEN 'violated: who made it deployed it'
            WHEN q.deployer_must_differ AND p.approved_and_deployed
                THEN 'violated: who approved it deployed it'
            WHEN (SELECT count(*) FROM approvals) = 0 THEN 'this ledger knows of no approval at all'
            WHEN p.deployment_key IS NULL THEN 'nobody approved it before: see CHG-02'
            WHEN m.deployment_key IS NULL THEN 'nobody says who made it'
            WHEN u.deployment_key IS NOT NULL THEN 'of a part of it nobody says who made it'
            WHEN q.deployer_must_differ AND d.actor IS NULL AND d.triggered_by IS NULL
                THEN 'nobody says who deployed it'
            WHEN m.made_by_workload THEN 'made by a workload that nobody answers for'
            WHEN p.approved_by_workload THEN 'approved by a workload that nobody answers for'
            WHEN a.strength IS NULL THEN 'nothing shows that it was approved before'
            WHEN a.strength < q.least THEN 'the approval is a mere assertion'
            WHEN q.deployer_must_differ THEN 'satisfied: made, approved and deployed by different people'
            ELSE 'satisfied: made and approved by different people'
        END AS verdict
    FROM asked AS q
    CROSS JOIN production_deployments AS d
    LEFT JOIN met AS m USING (variant, deployment_key)
    LEFT JOIN approved AS a USING (deployment_key)
    LEFT JOIN persons AS p USING (deployment_key)
    LEFT JOIN unknown AS u USING (deployment_key)
    WHERE d.in_window
)

SELECT
    variant,
    deployment_key AS item_key,
    'deployment' AS item,
    service,
    team,
    environment,
    repository,
    artifacts,
    finished_at AS occurred_at,
    CASE
        WHEN starts_with(verdict, 'violated: ') THEN 'violated'
        WHEN starts_with(verdict, 'satisfied: ') THEN 'satisfied'
        ELSE 'insufficient-evidence'
    END AS outcome,
    regexp_replace(verdict, '^(violated|satisfied): ', '') AS reason,
    ['imported', 'asserted', 'observed', 'decided'][least(
        list_position(['imported', 'asserted', 'observed', 'decided'], assurance),
        list_position(['imported', 'asserted', 'observed', 'decided'], approval_assurance)
    )] AS assurance,
    list_concat(positions, approval_positions, making_positions) AS positions
FROM judged
