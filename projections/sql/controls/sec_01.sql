-- SEC-01: was every secret rotated in time?
-- From when it was made, or got its value, a secret must get another one, be made useless or expire
-- within the limit. Of a secret that was only ever read nobody knows the age: it is too old once it
-- was seen for longer than the limit. A rotation that is no proof (no time of its own, recorded
-- afterwards, too weakly assured) neither satisfies nor violates.
-- Not judged: how soon after a compromise; only rotations say that one was suspected.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.max_age_days' AS BIGINT) * INTERVAL 1 DAY AS max_age,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'SEC-01'
),

-- Once with every change, and once with those alone that are proof.
changes AS (
    SELECT
        q.variant,
        q.max_age,
        m.strict,
        c.*,
        CASE
            WHEN c.what = 'accessed' OR row_number() OVER w = 1 THEN NULL
            WHEN c.timing = 'undated' THEN 'the rotation has no time of its own'
            WHEN c.timing = 'recorded afterwards' THEN 'the rotation was recorded afterwards'
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], c.assurance) < q.least
                THEN 'the rotation is too weakly assured'
        END AS weakness
    FROM asked AS q
    CROSS JOIN (VALUES (FALSE), (TRUE)) AS m (strict)
    CROSS JOIN secret_changes AS c
    CROSS JOIN control_now AS n
    WHERE c.since < n.now
    WINDOW w AS (PARTITION BY q.variant, m.strict, c.secret_key ORDER BY c.since, c.position)
),

periods AS (
    SELECT
        c.*,
        c.since + c.max_age AS due,
        lead(c.position) OVER w IS NULL AS is_last,
        least(coalesce(lead(c.since) OVER w, n.now), c.expires) AS until
    FROM changes AS c
    CROSS JOIN control_now AS n
    WHERE NOT c.strict OR c.weakness IS NULL
    WINDOW w AS (PARTITION BY c.variant, c.strict, c.secret_key ORDER BY c.since, c.position)
),

judged AS (
    SELECT
        e.*,
        e.until > e.due AND e.due < p.window_to AS overdue
    FROM periods AS e
    CROSS JOIN parameters AS p
    WHERE e.what <> 'revoked' AND e.until >= p.window_from
),

secrets AS (
    SELECT
        variant,
        secret_key,
        arg_max(service, position) AS service,
        arg_max(environment, position) AS environment,
        min(since) AS first_at,
        min(due) FILTER (WHERE overdue AND NOT strict) AS overdue_at,
        bool_or(overdue AND NOT strict) AS is_overdue,
        bool_or(overdue AND strict) AS is_overdue_strictly,
        bool_or(overdue AND NOT strict AND is_last) AS is_overdue_still,
        bool_or(is_last AND NOT strict AND what = 'accessed') AS is_ageless,
        arg_min(assurance, list_position(
            ['imported', 'asserted', 'observed', 'decided'], assurance
        )) AS assurance
    FROM judged
    GROUP BY variant, secret_key
),

behind AS (
    SELECT
        variant,
        secret_key,
        min(weakness) AS weakness,
        list(DISTINCT position) AS positions
    FROM changes
    GROUP BY variant, secret_key
)

SELECT
    s.variant,
    s.secret_key AS item_key,
    'secret' AS item,
    s.service,
    v.team,
    s.environment,
    CAST([] AS VARCHAR[]) AS artifacts,
    greatest(coalesce(s.overdue_at, s.first_at), p.window_from) AS occurred_at,
    CASE
        WHEN s.is_overdue AND NOT EXISTS (FROM secret_facts WHERE what = 'rotated')
            THEN 'insufficient-evidence'
        WHEN s.is_overdue THEN 'violated'
        WHEN s.is_overdue_strictly OR s.is_ageless THEN 'insufficient-evidence'
        ELSE 'satisfied'
    END AS outcome,
    CASE
        WHEN s.is_overdue AND NOT EXISTS (FROM secret_facts WHERE what = 'rotated')
            THEN 'this ledger knows of no rotation at all'
        WHEN s.is_overdue_still THEN 'older than its limit'
        WHEN s.is_overdue THEN 'rotated late'
        WHEN s.is_overdue_strictly THEN b.weakness
        WHEN s.is_ageless THEN 'nobody says how old it is'
        ELSE 'never older than its limit'
    END AS reason,
    s.assurance,
    b.positions
FROM secrets AS s
INNER JOIN behind AS b USING (variant, secret_key)
CROSS JOIN parameters AS p
LEFT JOIN service_registrations AS v
    ON s.service = v.service AND s.first_at >= v.effective_from AND s.first_at < v.effective_until
