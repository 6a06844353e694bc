-- CHG-06: was every emergency approved afterwards, in time, by somebody who took no part in it?
-- It needs a reason (its type has none without), an incident that the ledger knows, and an approval
-- that names it and stands. Who declared it, made what went ahead or deployed it took part. One
-- item more compares the emergencies of the window with all its production deployments.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.retro_approval_max_hours' AS BIGINT) * INTERVAL 1 HOUR AS within,
        CAST(parameters ->> '$.max_emergency_share' AS DOUBLE) AS max_share,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'CHG-06'
),

declared AS (
    SELECT e.*
    FROM emergencies AS e
    CROSS JOIN parameters AS p
    WHERE e.declared_at >= p.window_from AND e.declared_at < p.window_to
),

taking_part AS (
    SELECT DISTINCT t.emergency, coalesce(s.person, t.id) AS person
    FROM (
        SELECT emergency, declared_by AS id FROM declared
        UNION ALL
        SELECT u.emergency, p.person
        FROM emergency_deployments AS u
        INNER JOIN deployment_people AS p USING (deployment_key)
        UNION ALL
        SELECT u.emergency, unnest([d.actor, d.triggered_by])
        FROM emergency_deployments AS u
        INNER JOIN production_deployments AS d USING (deployment_key)
        UNION ALL
        SELECT emergency, unnest(authors) FROM approvals WHERE emergency IS NOT NULL
    ) AS t
    LEFT JOIN same_persons AS s USING (id)
    WHERE t.id IS NOT NULL
),

apart AS (
    SELECT DISTINCT g.approval_key
    FROM (
        SELECT a.approval_key, a.emergency, coalesce(s.person, a.id) AS person
        FROM (
            SELECT approval_key, emergency, unnest(approvers) AS id
            FROM approvals
            WHERE emergency IS NOT NULL
        ) AS a
        LEFT JOIN same_persons AS s USING (id)
    ) AS g
    ANTI JOIN taking_part AS t ON g.emergency = t.emergency AND g.person = t.person
    WHERE NOT starts_with(g.person, 'wkl_')
),

weighed AS (
    SELECT
        q.variant,
        e.emergency,
        a.positions,
        a.assurance,
        CASE
            WHEN a.state IN ('rejected', 'withdrawn') THEN 0
            WHEN x.approval_key IS NULL THEN 1
            WHEN a.granted_from > e.declared_at + q.within THEN 2
            WHEN NOT g.is_dated THEN 5
            WHEN g.recorded_at > e.declared_at + q.within
                AND g.recorded_at > a.granted_from + (SELECT max_ingest_delay FROM control_settings)
                THEN 6
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], a.assurance) < q.least
                THEN 7
            ELSE 9
        END AS weight
    FROM asked AS q
    CROSS JOIN declared AS e
    INNER JOIN approvals AS a ON e.emergency = a.emergency AND a.granted_from IS NOT NULL
    LEFT JOIN approval_grants AS g USING (approval_key)
    LEFT JOIN apart AS x USING (approval_key)
),

best AS (
    SELECT
        variant,
        emergency,
        max(weight) AS weight,
        arg_max(assurance, (weight, positions)) AS assurance,
        list_distinct(flatten(list(positions))) AS positions
    FROM weighed
    GROUP BY variant, emergency
),

judged AS (
    SELECT
        q.variant,
        e.*,
        coalesce(b.assurance, 'decided') AS assurance,
        coalesce(b.positions, []) AS approval_positions,
        CASE
            WHEN e.incident IS NULL THEN 'violated: no incident is named'
            WHEN b.weight = 9 AND e.incident NOT IN (
                SELECT incident FROM incident_facts WHERE incident IS NOT NULL
                UNION SELECT ticket FROM incident_facts WHERE ticket IS NOT NULL
            ) THEN 'the incident that it names is not in this ledger'
            WHEN b.weight = 9 THEN 'satisfied: approved afterwards by somebody else'
            WHEN b.weight = 5 THEN 'the approval has no time of its own'
            WHEN b.weight = 6 THEN 'the approval was recorded afterwards'
            WHEN b.weight = 7 THEN 'the approval is a mere assertion'
            WHEN (SELECT now FROM control_now) <= e.declared_at + q.within
                THEN 'not approved yet, and not due'
            WHEN b.weight = 2 THEN 'violated: approved too late'
            WHEN b.weight = 1 THEN 'violated: approved by somebody who took part in it'
            WHEN b.weight = 0 THEN 'violated: its approval was taken back'
            ELSE 'violated: not approved afterwards'
        END AS verdict
    FROM asked AS q
    CROSS JOIN declared AS e
    LEFT JOIN best AS b USING (variant, emergency)
),

deployed AS (
    SELECT
        count(DISTINCT d.deployment_key) AS deployments,
        count(DISTINCT u.deployment_key) AS emergencies,
        max(d.finished_at) FILTER (WHERE u.emergency IS NOT NULL) AS occurred_at,
        list_distinct(flatten(list(u.positions))) AS positions
    FROM production_deployments AS d
    LEFT JOIN emergency_deployments AS u USING (deployment_key)
    WHERE d.in_window
)

SELECT
    variant,
    emergency AS item_key,
    'emergency' AS item,
    service,
    CAST(NULL AS VARCHAR) AS team,
    CASE WHEN len(environments) = 1 THEN environments[1] END AS environment,
    CAST(NULL AS VARCHAR) AS repository,
    [substr(one, 10) FOR one IN subjects IF starts_with(one, 'artifact ')] AS artifacts,
    declared_at AS occurred_at,
    CASE
        WHEN starts_with(verdict, 'violated: ') THEN 'violated'
        WHEN starts_with(verdict, 'satisfied: ') THEN 'satisfied'
        ELSE 'insufficient-evidence'
    END AS outcome,
    regexp_replace(verdict, '^(violated|satisfied): ', '') AS reason,
    assurance,
    list_concat(positions, approval_positions) AS positions
FROM judged
UNION ALL
SELECT
    q.variant, 'share of emergencies', 'window', NULL, NULL, NULL, NULL, [], d.occurred_at,
    CASE WHEN d.emergencies > q.max_share * d.deployments THEN 'violated' ELSE 'satisfied' END,
    CASE
        WHEN d.emergencies > q.max_share * d.deployments THEN 'more emergencies than accepted'
        ELSE 'no more emergencies than accepted'
    END,
    'decided', d.positions
FROM asked AS q
CROSS JOIN deployed AS d
WHERE d.emergencies > 0
