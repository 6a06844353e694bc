-- CHG-07: did the tests that are wanted pass on what was deployed, before it was?
-- Of each suite that ran on a digest (or, where they name no digest, on its commit or run) the last
-- result before the deployment began counts; one suite that failed last is not made up for by
-- another one of the same kind, nor by a result that is less assured or less surely before. Each
-- digest needs each kind; the one that goes least far decides.
WITH asked AS (
    SELECT
        variant,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least,
        unnest(from_json(parameters -> '$.required_suites', '["VARCHAR"]')) AS wanted
    FROM control_variants
    WHERE test = 'CHG-07'
),

results AS (
    SELECT
        e.*,
        concat_ws(' ', f.suite, f.tool, f.consumer, f.provider) AS suite
    FROM slot_evidence AS e
    INNER JOIN test_facts AS f USING (position)
    WHERE e.what = 'tests'
),

-- Failures that no success as good took back.
words AS (
    SELECT
        *,
        outcome IN ('failure', 'error') AND timing <> 'after' AND coalesce(
            {'at': occurred_at, 'position': position} > max(
                {'at': occurred_at, 'position': position}
            ) FILTER (WHERE outcome = 'success' AND timing = 'before') OVER (
                PARTITION BY deployment_key, slot, kind, suite
                ORDER BY list_position(['imported', 'asserted', 'observed', 'decided'], assurance) DESC
                RANGE UNBOUNDED PRECEDING
            ),
            TRUE
        ) AS has_failed
    FROM results
),

-- The last word of each suite that came before; what came otherwise stands for itself.
standing AS (
    SELECT *
    FROM words
    QUALIFY has_failed OR timing <> 'before' OR row_number() OVER (
        PARTITION BY deployment_key, slot, kind, suite, timing
        ORDER BY occurred_at DESC, position DESC
    ) = 1
),

-- 0 fails whatever else there is; of the others the best counts.
weighed AS (
    SELECT
        q.variant, q.wanted, s.deployment_key, s.slot, s.position, s.assurance,
        CASE
            WHEN s.kind IS NULL THEN CASE WHEN s.timing = 'after' THEN 1 ELSE 5 END
            WHEN s.timing = 'after' THEN 2
            WHEN s.has_failed THEN 0
            WHEN s.outcome IN ('failure', 'error') THEN 3
            WHEN s.outcome IS DISTINCT FROM 'success' THEN 4
            WHEN s.timing = 'undated' THEN 6
            WHEN s.timing = 'recorded afterwards' THEN 7
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], s.assurance) < q.least
                THEN 8
            ELSE 9
        END AS weight
    FROM asked AS q
    INNER JOIN standing AS s ON q.wanted = s.kind OR s.kind IS NULL
),

best AS (
    SELECT
        q.variant,
        q.wanted,
        l.deployment_key,
        CASE
            WHEN NOT any_value(l.is_known) THEN -1
            WHEN min(w.weight) = 0 THEN 0
            ELSE coalesce(max(w.weight), 1)
        END AS weight,
        coalesce(list(w.position ORDER BY w.position) FILTER (WHERE w.position IS NOT NULL), [])
            AS positions,
        min(list_position(['imported', 'asserted', 'observed', 'decided'], w.assurance))
            FILTER (WHERE w.weight IN (0, 9)) AS strength
    FROM asked AS q
    CROSS JOIN deployment_slots AS l
    LEFT JOIN weighed AS w
        ON q.variant = w.variant AND q.wanted = w.wanted AND l.deployment_key = w.deployment_key
        AND l.slot IS NOT DISTINCT FROM w.slot
    GROUP BY q.variant, q.wanted, l.deployment_key, l.slot
),

judged AS (
    SELECT
        variant,
        deployment_key,
        min(CASE weight WHEN -1 THEN 4.5 ELSE weight END) AS weight,
        min(strength) AS strength,
        list_distinct(flatten(list(positions))) AS positions
    FROM best
    GROUP BY variant, deployment_key
),

told AS (
    SELECT
        j.*,
        CASE
            WHEN j.weight = 0 THEN 'violated: tests of a required kind failed'
            WHEN j.weight = 4.5 THEN 'nobody says what was deployed'
            WHEN (SELECT count(*) FROM test_facts) = 0 THEN 'this ledger knows of no tests at all'
            WHEN j.weight = 1 THEN 'violated: no tests of a required kind on what was deployed'
            WHEN j.weight = 2 THEN 'violated: tested after it began'
            WHEN j.weight = 3 THEN 'violated: tests of a required kind failed'
            WHEN j.weight = 4 THEN 'violated: tests of a required kind did not run'
            WHEN NOT d.is_dated THEN 'the deployment has no time of its own'
            WHEN j.weight = 5 THEN 'nobody says of which kind the tests are'
            WHEN j.weight = 6 THEN 'the tests have no time of their own'
            WHEN j.weight = 7 THEN 'the tests were recorded afterwards'
            WHEN j.weight = 8 THEN 'the assurance of the tests is too low'
            ELSE 'satisfied: passed before'
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
