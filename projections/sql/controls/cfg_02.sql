-- CFG-02: did what went to production run somewhere else first, with success, the same digests?
-- A site for disasters is no place to try something. Who holds rights in production is not told by
-- any event, so it is not judged here.
WITH asked AS (
    SELECT
        variant,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'CFG-02'
),

weighed AS (
    SELECT
        q.variant, l.deployment_key, l.slot, e.position, e.strength,
        CASE
            WHEN l.slot IS NULL THEN 4.5
            WHEN e.artifact IS NULL THEN 1
            WHEN e.finished_at > d.began_at THEN 3
            WHEN NOT e.succeeded THEN 2
            WHEN NOT e.is_known THEN 5
            WHEN e.shown_at > d.began_at THEN 6
            WHEN e.strength < q.least THEN 7
            ELSE 9
        END AS weight
    FROM asked AS q
    CROSS JOIN deployment_slots AS l
    INNER JOIN production_deployments AS d USING (deployment_key)
    LEFT JOIN deployed_elsewhere AS e ON l.slot = e.artifact
    WHERE d.in_window
),

best AS (
    SELECT
        variant,
        deployment_key,
        max(weight) AS weight,
        arg_max(strength, (weight, strength)) AS strength,
        coalesce(list(position ORDER BY position) FILTER (WHERE position IS NOT NULL), [])
            AS positions
    FROM weighed
    GROUP BY variant, deployment_key, slot
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
            WHEN j.weight = 4.5 THEN 'nobody says which digest was deployed'
            WHEN (SELECT count(*) FROM deployed_elsewhere) = 0
                THEN 'this ledger knows of no deployment to any other environment'
            WHEN j.weight = 1 THEN 'violated: straight to production'
            WHEN j.weight = 2 THEN 'violated: failed wherever it was tried'
            WHEN j.weight = 3 THEN 'violated: ran elsewhere only afterwards'
            WHEN NOT d.is_dated THEN 'the deployment has no time of its own'
            WHEN j.weight = 5 THEN 'ran before where nobody says what the environment is for'
            WHEN j.weight = 6 THEN 'nothing shows that it ran elsewhere before'
            WHEN j.weight = 7 THEN 'the assurance that it ran elsewhere is too low'
            ELSE 'satisfied: ran elsewhere before'
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
