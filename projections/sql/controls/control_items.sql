-- What each test came to, one by one: every item of every population asked for.
-- A violation is excepted where a waiver held at that instant that names the test, and of services,
-- environments and artifacts the item's own or none.
-- What was voided is judged by nothing and listed all the same, as excepted: who takes a fact out
-- of the count does not take it out of sight.
WITH judged AS (
    SELECT 'ACC-01' AS test, * FROM acc_01
    UNION ALL BY NAME SELECT 'ACC-02' AS test, * FROM acc_02
    UNION ALL BY NAME SELECT 'ACC-03' AS test, * FROM acc_03
    UNION ALL BY NAME SELECT 'ACC-04' AS test, * FROM acc_04
    UNION ALL BY NAME SELECT 'CFG-01' AS test, * FROM cfg_01
    UNION ALL BY NAME SELECT 'CFG-02' AS test, * FROM cfg_02
    UNION ALL BY NAME SELECT 'CHG-01' AS test, * FROM chg_01
    UNION ALL BY NAME SELECT 'CHG-02' AS test, * FROM chg_02
    UNION ALL BY NAME SELECT 'CHG-03' AS test, * FROM chg_03
    UNION ALL BY NAME SELECT 'CHG-04' AS test, * FROM chg_04
    UNION ALL BY NAME SELECT 'CHG-05' AS test, * FROM chg_05
    UNION ALL BY NAME SELECT 'CHG-06' AS test, * FROM chg_06
    UNION ALL BY NAME SELECT 'CHG-07' AS test, * FROM chg_07
    UNION ALL BY NAME SELECT 'CHG-08' AS test, * FROM chg_08
    UNION ALL BY NAME SELECT 'CHG-09' AS test, * FROM chg_09
    UNION ALL BY NAME SELECT 'CHG-10' AS test, * FROM chg_10
    UNION ALL BY NAME SELECT 'CHG-11' AS test, * FROM chg_11
    UNION ALL BY NAME SELECT 'DR-01' AS test, * FROM dr_01
    UNION ALL BY NAME SELECT 'DR-02' AS test, * FROM dr_02
    UNION ALL BY NAME SELECT 'INC-01' AS test, * FROM inc_01
    UNION ALL BY NAME SELECT 'INC-02' AS test, * FROM inc_02
    UNION ALL BY NAME SELECT 'LOG-01' AS test, * FROM log_01
    UNION ALL BY NAME SELECT 'LOG-02' AS test, * FROM log_02
    UNION ALL BY NAME SELECT 'LOG-03' AS test, * FROM log_03
    UNION ALL BY NAME SELECT 'LOG-04' AS test, * FROM log_04
    UNION ALL BY NAME SELECT 'LOG-05' AS test, * FROM log_05
    UNION ALL BY NAME SELECT 'LOG-06' AS test, * FROM log_06
    UNION ALL BY NAME SELECT 'LOG-07' AS test, * FROM log_07
    UNION ALL BY NAME SELECT 'MON-01' AS test, * FROM mon_01
    UNION ALL BY NAME SELECT 'POL-01' AS test, * FROM pol_01
    UNION ALL BY NAME SELECT 'PRI-01' AS test, * FROM pri_01
    UNION ALL BY NAME SELECT 'PRV-01' AS test, * FROM prv_01
    UNION ALL BY NAME SELECT 'PRV-02' AS test, * FROM prv_02
    UNION ALL BY NAME SELECT 'PRV-03' AS test, * FROM prv_03
    UNION ALL BY NAME SELECT 'SEC-01' AS test, * FROM sec_01
    UNION ALL BY NAME SELECT 'SEC-02' AS test, * FROM sec_02
    UNION ALL BY NAME SELECT 'SEC-03' AS test, * FROM sec_03
    UNION ALL BY NAME SELECT 'SEC-04' AS test, * FROM sec_04
    UNION ALL BY NAME SELECT 'VUL-01' AS test, * FROM vul_01
    UNION ALL BY NAME SELECT 'VUL-02' AS test, * FROM vul_02
    UNION ALL BY NAME SELECT 'VUL-03' AS test, * FROM vul_03
    UNION ALL BY NAME SELECT 'VUL-04' AS test, * FROM vul_04
),

-- Tests whose population is the thing that was voided.
listed AS (
    SELECT
        unnest([
            'CHG-02', 'CHG-03', 'CHG-05', 'CHG-07', 'VUL-01', 'CFG-02', 'POL-01', 'PRV-01', 'PRV-03'
        ]) AS test,
        'deployment' AS item
    UNION ALL
    SELECT unnest(['CHG-09', 'CHG-06', 'POL-01', 'CHG-04', 'CHG-04', 'CHG-10', 'CHG-11']),
        unnest(['failure', 'emergency', 'decision', 'push', 'protection', 'snapshot', 'comparison'])
    UNION ALL
    SELECT 'INC-01', 'incident'
    UNION ALL
    SELECT unnest(['CHG-01', 'CHG-08']), 'change'
    UNION ALL
    SELECT unnest(['ACC-01', 'ACC-03', 'ACC-03', 'INC-02', 'VUL-03', 'PRV-02', 'SEC-04', 'VUL-02']),
        unnest([
            'extraordinary access', 'access.granted', 'access.revoked', 'breach', 'waiver', 'release',
            'scan for secrets', 'scan with findings'
        ])
    UNION ALL
    SELECT unnest(['SEC-03', 'MON-01', 'PRI-01', 'LOG-04', 'LOG-06']),
        unnest([
            'reading', 'deficiency', 'request to be forgotten', 'disposal', 'check of a clock'
        ])
),

voided AS (
    SELECT
        l.test,
        q.variant,
        v.item_key,
        v.item,
        v.service,
        v.environment,
        v.repository,
        v.occurred_at,
        'excepted' AS outcome,
        'voided' AS reason,
        v.assurance,
        v.positions
    FROM listed AS l
    INNER JOIN control_variants AS q USING (test)
    INNER JOIN voided_items AS v USING (item)
    CROSS JOIN parameters AS p
    WHERE v.occurred_at >= p.window_from AND v.occurred_at < p.window_to
),

waived AS (
    SELECT
        j.test,
        j.variant,
        j.item_key,
        list(w.waiver ORDER BY w.waiver) AS waivers,
        list_distinct(flatten(list(w.positions))) AS waiver_positions
    FROM judged AS j
    INNER JOIN waivers AS w
        ON list_contains(w.controls, j.test)
        AND j.occurred_at >= w.holds_from AND j.occurred_at < w.holds_until
        AND (len(w.services) = 0 OR list_contains(w.services, j.service))
        AND (len(w.environments) = 0 OR list_contains(w.environments, j.environment))
        AND (len(w.artifacts) = 0 OR list_has_all(w.artifacts, j.artifacts) AND len(j.artifacts) > 0)
    -- A waiver for rules or findings is none for a whole item: the tests of findings see to it, and
    -- VUL-02 also to all others, which must hold as long as a finding is open beyond its limit.
    WHERE j.outcome = 'violated' AND len(w.rules) = 0 AND len(w.fingerprints) = 0
        AND j.test <> 'VUL-02'
    GROUP BY j.test, j.variant, j.item_key
),

-- Waivers that a test itself went by.
relied_on AS (
    SELECT j.test, j.variant, j.item_key, list(DISTINCT w.waiver ORDER BY w.waiver) AS waivers
    FROM (
        SELECT test, variant, item_key, unnest(positions) AS position
        FROM judged
        WHERE outcome = 'excepted'
    ) AS j
    INNER JOIN (SELECT waiver, unnest(positions) AS position FROM waivers) AS w USING (position)
    GROUP BY j.test, j.variant, j.item_key
),

whole AS (
    SELECT
        j.* EXCLUDE (outcome, reason, positions),
        CASE WHEN w.waivers IS NULL THEN j.outcome ELSE 'excepted' END AS outcome,
        CASE WHEN w.waivers IS NULL THEN j.reason ELSE 'waived: ' || j.reason END AS reason,
        coalesce(w.waivers, r.waivers, []) AS waivers,
        list_sort(list_distinct(list_concat(j.positions, coalesce(w.waiver_positions, []))))
            AS positions
    FROM judged AS j
    LEFT JOIN waived AS w USING (test, variant, item_key)
    LEFT JOIN relied_on AS r USING (test, variant, item_key)
    UNION ALL BY NAME
    SELECT * FROM voided
)

SELECT
    w.test,
    w.variant,
    w.item_key,
    w.item,
    w.service,
    w.team,
    w.environment,
    w.repository,
    coalesce(w.artifacts, []) AS artifacts,
    w.occurred_at,
    w.outcome,
    w.reason,
    coalesce(w.waivers, []) AS waivers,
    w.assurance,
    list_sort(w.positions) AS positions,
    -- What is to be looked at first.
    CAST(CASE w.outcome
        WHEN 'violated' THEN 1
        WHEN 'insufficient-evidence' THEN 2
        WHEN 'excepted' THEN 3
        WHEN 'satisfied' THEN 4
        ELSE 5
    END AS BIGINT) AS urgency
FROM whole AS w
CROSS JOIN parameters AS p
WHERE (p.service IS NULL OR w.service = p.service)
    AND (p.team IS NULL OR w.team = p.team)
    AND (p.environment IS NULL OR w.environment = p.environment)
    AND (p.repository IS NULL OR w.repository = p.repository)
    AND (p.release IS NULL OR list_has_any(
        w.artifacts, (SELECT coalesce(list(r.artifact), []) FROM release_artifacts AS r)
    ))
