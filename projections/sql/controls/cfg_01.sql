-- CFG-01: was everything scanned against its baseline, often enough, and is nothing open?
-- Of every thing that was ever scanned so, no more days than the limit may pass without a scan; the
-- newest one must name its benchmark and the profile asked for (a higher level contains the lower
-- ones; a profile that says none may be of any), and what failed in it must be waived by rule or
-- fingerprint. What is left to be looked at by hand, or suppressed in the tool alone, is no pass.
-- Another tool, or a weaker scan, takes back nothing of all that.
-- And every environment of production must be named by such scans.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.max_age_days' AS BIGINT) * INTERVAL 1 DAY AS max_age,
        trim(regexp_replace(lower(parameters ->> '$.profile'), '[-_ ]+', ' ', 'g')) AS wanted,
        regexp_extract(wanted, '\blevel ?([0-9])', 1) AS level,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'CFG-01'
),

-- Once with every scan, and once with those alone that are proof of when they were.
spans AS (
    SELECT
        q.*,
        m.strict,
        s.scope,
        s.scanned_at + q.max_age AS due,
        coalesce(lead(s.scanned_at) OVER w, n.now) AS next_at
    FROM asked AS q
    CROSS JOIN (VALUES (FALSE), (TRUE)) AS m (strict)
    CROSS JOIN baseline_scans AS s
    CROSS JOIN control_now AS n
    WHERE s.is_whole AND (
        NOT m.strict
        OR s.weakness IS NULL
        AND list_position(['imported', 'asserted', 'observed', 'decided'], s.assurance) >= q.least
    )
    WINDOW w AS (PARTITION BY q.variant, m.strict, s.scope ORDER BY s.scanned_at, s.position)
),

gaps AS (
    SELECT
        variant,
        scope,
        bool_or(overdue AND NOT strict) AS is_missed,
        bool_or(overdue AND strict) AS is_missed_strictly,
        min(due) FILTER (WHERE overdue AND NOT strict) AS missed_at
    FROM (
        SELECT
            s.*,
            s.next_at > s.due AND s.next_at >= p.window_from AND s.due < p.window_to AS overdue
        FROM spans AS s
        CROSS JOIN parameters AS p
    )
    GROUP BY variant, scope
),

standing AS (
    SELECT
        scope,
        bool_or(is_unknown) AS is_unknown,
        bool_or(has_manual) AS has_manual,
        bool_or(has_suppressed) AS has_suppressed,
        list(position ORDER BY position) AS positions
    FROM baseline_scans
    WHERE stands AND (ran OR NOT is_unknown)
    GROUP BY scope
),

told AS (
    SELECT
        q.variant,
        s.*,
        t.positions,
        coalesce(f.waiver_positions, []) AS waiver_positions,
        g.missed_at,
        CASE
            WHEN f.is_open THEN {'level': 1, 'reason': 'an item that failed is open'}
            WHEN g.is_missed THEN {'level': 1, 'reason': 'not scanned for longer than its limit'}
            WHEN NOT contains(s.profile, q.wanted)
                AND (q.level = '' OR s.level BETWEEN '0' AND q.level)
                THEN {'level': 1, 'reason': 'scanned against another profile'}
            WHEN s.weakness IS NOT NULL THEN {'level': 2, 'reason': s.weakness}
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], s.assurance) < q.least
                THEN {'level': 2, 'reason': 'the scan is too weakly assured'}
            WHEN g.is_missed_strictly
                THEN {'level': 2, 'reason': 'an earlier scan is no proof of when it was'}
            WHEN s.benchmark IS NULL
                THEN {'level': 2, 'reason': 'nobody says against which benchmark'}
            WHEN s.profile IS NULL AND q.wanted IS NOT NULL
                THEN {'level': 2, 'reason': 'nobody says against which profile'}
            WHEN NOT contains(s.profile, q.wanted) AND s.level = ''
                THEN {'level': 2, 'reason': 'nobody says against which level of its profile'}
            WHEN t.is_unknown THEN {'level': 2, 'reason': 'nobody knows what the scan found'}
            WHEN t.has_manual THEN {'level': 2, 'reason': 'items are left to be looked at by hand'}
            WHEN t.has_suppressed
                THEN {'level': 2, 'reason': 'an item that failed is suppressed, but not waived'}
            WHEN f.is_open = FALSE THEN {'level': 3, 'reason': 'waived: an item that failed is open'}
            ELSE {'level': 4, 'reason': 'scanned, and nothing is open'}
        END AS word
    FROM asked AS q
    INNER JOIN gaps AS g USING (variant)
    INNER JOIN baseline_scans AS s ON g.scope = s.scope AND s.is_newest
    INNER JOIN standing AS t ON s.scope = t.scope
    LEFT JOIN baseline_failures AS f ON s.scope = f.scope
),

-- Environments of production that no scan names.
unnamed AS (
    SELECT environment, arg_min(positions, first_position) AS positions
    FROM production_deployments
    WHERE environment NOT IN (
        SELECT environment FROM baseline_scans WHERE environment IS NOT NULL AND is_whole
    )
    GROUP BY environment
),

ending AS (
    SELECT least(p.window_to, n.now) - INTERVAL 1 MICROSECOND AS at, p.window_from
    FROM parameters AS p
    CROSS JOIN control_now AS n
)

SELECT
    t.variant,
    t.scope AS item_key,
    'scanned baseline' AS item,
    t.service,
    v.team,
    t.environment,
    CAST(NULL AS VARCHAR) AS repository,
    CAST([] AS VARCHAR[]) AS artifacts,
    CASE
        WHEN t.word.reason = 'not scanned for longer than its limit'
            THEN greatest(t.missed_at, e.window_from)
        ELSE e.at
    END AS occurred_at,
    ['violated', 'insufficient-evidence', 'excepted', 'satisfied'][t.word.level] AS outcome,
    t.word.reason AS reason,
    t.assurance,
    list_concat([t.position], t.positions, t.waiver_positions) AS positions
FROM told AS t
CROSS JOIN ending AS e
LEFT JOIN service_registrations AS v
    ON t.service = v.service AND t.scanned_at >= v.effective_from AND t.scanned_at < v.effective_until
UNION ALL BY NAME
SELECT
    q.variant,
    'environment ' || u.environment AS item_key,
    'environment' AS item,
    u.environment,
    CAST([] AS VARCHAR[]) AS artifacts,
    e.at AS occurred_at,
    CASE
        WHEN (SELECT bool_and(environment IS NOT NULL) FROM baseline_scans WHERE is_whole) THEN 'violated'
        ELSE 'insufficient-evidence'
    END AS outcome,
    CASE
        WHEN (SELECT count(*) FROM baseline_scans WHERE is_whole) = 0
            THEN 'this ledger knows of no scan of a baseline at all'
        WHEN (SELECT bool_and(environment IS NOT NULL) FROM baseline_scans WHERE is_whole)
            THEN 'never scanned against a baseline'
        ELSE 'nobody says which environment was scanned'
    END AS reason,
    u.positions
FROM asked AS q
CROSS JOIN unnamed AS u
CROSS JOIN ending AS e
