-- CHG-11: is the population complete: was the ledger compared with each source often enough and
-- without a gap, and was nothing found that nobody explains?
-- Population: each comparison; each source that has not been compared for too long at the end, and
-- since before the window only where something was deployed from it; each repository deployed from
-- that was never compared; each silence of a source. A silence lasts until the source is heard of
-- again, and is made up for by a later comparison of all of it with that kind of source, without a
-- difference. No other explanation is known here: a waiver can except it.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.max_unexplained' AS BIGINT) AS accepted,
        CAST(parameters ->> '$.reconcile_every_days' AS BIGINT) * INTERVAL 1 DAY AS every,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'CHG-11'
),

compared AS (
    SELECT
        q.variant,
        'comparison' AS item,
        concat_ws(' ', c.subject, c.position) AS item_key,
        c.repository,
        coalesce(c.until, c.recorded_at) AS occurred_at,
        c.assurance,
        [c.position] AS positions,
        CASE
            WHEN c.unexplained > q.accepted THEN 'violated: differences that nobody explains'
            WHEN c.since > c.before THEN 'violated: some time before it was never compared'
            WHEN c.until > c.before + q.every THEN 'violated: compared too seldom'
            WHEN c.unexplained IS NULL OR c.population IS NULL OR c.since IS NULL
                THEN 'nobody says what was compared'
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], c.assurance) < q.least
                THEN 'the assurance of the comparison is too low'
            ELSE 'satisfied: ledger and source agree'
        END AS verdict
    FROM asked AS q
    CROSS JOIN comparisons AS c
),

newest AS (
    SELECT
        subject,
        any_value(repository) AS repository,
        max(until) AS until,
        max(position) AS position,
        arg_max(assurance, position) AS assurance
    FROM comparisons
    WHERE until < (SELECT window_to FROM parameters)
    GROUP BY subject
),

deployed AS (
    SELECT
        repository,
        max(finished_at) AS occurred_at,
        arg_max(assurance, last_position) AS assurance,
        max(last_position) AS position
    FROM (
        SELECT unnest(repositories) AS repository, finished_at, assurance, last_position
        FROM production_deployments
        WHERE in_window
    )
    GROUP BY repository
),

overdue AS (
    SELECT
        q.variant, 'source', n.subject, n.repository, greatest(n.until + q.every, p.window_from),
        n.assurance, [n.position], 'violated: not compared for too long'
    FROM asked AS q
    CROSS JOIN newest AS n
    CROSS JOIN parameters AS p
    LEFT JOIN deployed AS d ON n.repository = d.repository
    WHERE n.until + q.every < (SELECT now FROM control_now) AND (
        n.until + q.every >= p.window_from OR n.repository IS NULL OR d.repository IS NOT NULL
    )
),

never AS (
    SELECT
        q.variant, 'repository', d.repository, d.repository, d.occurred_at, d.assurance, [d.position],
        CASE
            WHEN (SELECT count(*) FROM comparisons) = 0
                THEN 'this ledger knows of no comparison at all'
            ELSE 'violated: never compared'
        END
    FROM asked AS q
    CROSS JOIN deployed AS d
    WHERE d.repository NOT IN (SELECT repository FROM comparisons WHERE repository IS NOT NULL)
),

kinds AS (
    SELECT source_name AS name, arg_max(source_kind, position) AS kind
    FROM register_facts
    WHERE what = 'source.registered' AND source_name IS NOT NULL
    GROUP BY source_name
),

gaps AS (
    SELECT
        g.position, g.name, g.assurance,
        coalesce(g.since, g.occurred_at, g.recorded_at) AS since,
        coalesce(g.until, h.recorded_at, n.now) AS until,
        k.kind
    FROM ledger_facts AS g
    CROSS JOIN control_now AS n
    LEFT JOIN kinds AS k USING (name)
    ASOF LEFT JOIN source_heard AS h ON g.name = h.name AND g.position < h.position
    WHERE g.what = 'source.gap'
),

covered AS (
    SELECT q.variant, g.position, min(c.position) AS comparison
    FROM asked AS q
    CROSS JOIN gaps AS g
    INNER JOIN comparisons AS c
        ON g.kind = c.system AND c.since <= g.since AND c.until >= g.until
    WHERE c.unexplained <= q.accepted
    GROUP BY q.variant, g.position
),

silent AS (
    SELECT
        q.variant, 'silence', concat_ws(' ', g.name, g.position), CAST(NULL AS VARCHAR), g.since,
        g.assurance,
        [one FOR one IN [g.position, c.comparison] IF one IS NOT NULL],
        CASE
            WHEN c.comparison IS NOT NULL THEN 'satisfied: compared afterwards'
            ELSE 'violated: a silence that no comparison made up for'
        END
    FROM asked AS q
    CROSS JOIN gaps AS g
    LEFT JOIN covered AS c USING (variant, position)
)

SELECT
    j.variant,
    j.item_key,
    j.item,
    CAST(NULL AS VARCHAR) AS service,
    CAST(NULL AS VARCHAR) AS team,
    CAST(NULL AS VARCHAR) AS environment,
    j.repository,
    CAST([] AS VARCHAR[]) AS artifacts,
    j.occurred_at,
    CASE
        WHEN starts_with(j.verdict, 'violated: ') THEN 'violated'
        WHEN starts_with(j.verdict, 'satisfied: ') THEN 'satisfied'
        ELSE 'insufficient-evidence'
    END AS outcome,
    regexp_replace(j.verdict, '^(violated|satisfied): ', '') AS reason,
    j.assurance,
    j.positions
FROM (
    SELECT * FROM compared
    UNION ALL SELECT * FROM overdue
    UNION ALL SELECT * FROM never
    UNION ALL SELECT * FROM silent
) AS j
WHERE j.occurred_at >= (SELECT window_from FROM parameters)
    AND j.occurred_at < (SELECT window_to FROM parameters)
