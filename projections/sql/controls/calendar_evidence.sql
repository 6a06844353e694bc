-- What was done of what must be done in each interval: one row a test, set of its parameters and
-- event. `level` 1 is a failure, 2 says too little, 4 will do; `reason` says why.
-- A target that is given as a parameter holds for all, else the one that the exercise states.
WITH exercised AS (
    SELECT
        q.variant,
        e.*,
        coalesce(CAST(q.parameters ->> '$.rto_minutes' AS DOUBLE) * 60, e.rto_wanted_s) AS rto_s,
        coalesce(CAST(q.parameters ->> '$.rpo_minutes' AS DOUBLE) * 60, e.rpo_wanted_s) AS rpo_s
    FROM control_variants AS q
    CROSS JOIN exercises AS e
    WHERE q.test = 'DR-01'
),

restored AS (
    SELECT
        coalesce(backup_set, service || '@' || environment, service, environment, source) AS thing,
        *
    FROM recovery_facts
    WHERE what = 'restore.tested'
)

SELECT
    'DR-01' AS test,
    variant,
    service AS thing,
    done_at,
    recorded_at,
    time_basis,
    assurance,
    positions,
    CASE
        WHEN outcome IS DISTINCT FROM 'success'
            THEN {'level': 1, 'reason': 'failed, and not tried again'}
        WHEN rto_reached_s > rto_s
            THEN {'level': 1, 'reason': 'took longer than its target'}
        WHEN rpo_reached_s > rpo_s
            THEN {'level': 1, 'reason': 'lost more than its target'}
        WHEN rto_reached_s IS NULL
            THEN {'level': 2, 'reason': 'nobody says how long it took'}
        WHEN rto_s IS NULL THEN {'level': 2, 'reason': 'no target is stated'}
        WHEN rpo_reached_s IS NULL
            THEN {'level': 2, 'reason': 'nobody says how much was lost'}
        WHEN rpo_s IS NULL AND rpo_reached_s > 0 THEN {'level': 2, 'reason': 'no target is stated'}
        ELSE {'level': 4, 'reason': 'exercised within its targets'}
    END AS word
FROM exercised
UNION ALL BY NAME
SELECT
    'DR-02' AS test,
    q.variant,
    r.thing,
    least(r.occurred_at, r.recorded_at) AS done_at,
    r.recorded_at,
    r.time_basis,
    r.assurance,
    [r.position] AS positions,
    CASE
        WHEN r.outcome IS DISTINCT FROM 'success'
            THEN {'level': 1, 'reason': 'failed, and not tried again'}
        WHEN r.verified THEN {'level': 4, 'reason': 'restored and verified'}
        WHEN r.verified IS NULL
            THEN {'level': 2, 'reason': 'nobody says that what was restored was verified'}
        ELSE {'level': 1, 'reason': 'what was restored was not right'}
    END AS word
FROM restored AS r
INNER JOIN control_variants AS q ON q.test = 'DR-02'
UNION ALL BY NAME
SELECT
    'VUL-04' AS test,
    q.variant,
    s.service AS thing,
    least(s.finished_at, f.recorded_at) AS done_at,
    f.recorded_at,
    s.time_basis,
    s.assurance,
    [s.position] AS positions,
    CASE
        WHEN coalesce(s.extent, 'full') = 'full' THEN {'level': 4, 'reason': 'scanned'}
        ELSE {'level': 2, 'reason': 'nothing shows that all of it was scanned'}
    END AS word
FROM (SELECT * EXCLUDE (service, services), unnest(services) AS service FROM scans) AS s
INNER JOIN scan_facts AS f USING (position)
INNER JOIN control_variants AS q ON q.test = 'VUL-04'
WHERE s.kind IN ('sast', 'dast', 'sca', 'container') AND s.outcome = 'success'
    AND coalesce(s.errors, 0) = 0
UNION ALL BY NAME
SELECT
    'ACC-02' AS test,
    variant,
    target AS thing,
    reviewed_at AS done_at,
    recorded_at,
    time_basis,
    assurance,
    list_concat([position], lost_positions) AS positions,
    CASE
        WHEN outcome <> 'success' THEN {'level': 1, 'reason': 'failed, and not tried again'}
        WHEN not_removed > 0 THEN {'level': 1, 'reason': 'what was to be removed was not, in time'}
        WHEN coalesce(reviewer, actor) IS NULL THEN {'level': 2, 'reason': 'nobody says who reviewed'}
        WHEN to_be_removed > 0 THEN {'level': 2, 'reason': 'rights are still to be removed'}
        ELSE {'level': 4, 'reason': 'reviewed'}
    END AS word
FROM access_reviews
UNION ALL BY NAME
SELECT
    q.test,
    q.variant,
    CASE q.test WHEN 'LOG-05' THEN 'ledger' ELSE g.framework || ' ' || g.control END AS thing,
    least(g.occurred_at, g.recorded_at) AS done_at,
    g.recorded_at,
    g.time_basis,
    g.assurance,
    [g.position] AS positions,
    {'level': 4, 'reason': CASE q.test WHEN 'LOG-05' THEN 'read' ELSE 'tested' END} AS word
FROM governance_facts AS g
INNER JOIN control_variants AS q
    ON (q.test = 'LOG-05' AND g.what IN ('evidence.read', 'evidence.exported'))
    OR (q.test = 'MON-01' AND g.what = 'control.evaluated')
