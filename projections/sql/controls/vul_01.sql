-- VUL-01: was it scanned before it was deployed, and was nothing found that stops it?
-- Each kind of scanner asked for must have run, to its end and over the whole, on each digest that
-- was deployed (or on what it was built from) within the limit before the deployment began; and no
-- finding of a blocking severity may be open there. Evidence against needs no strength: a finding
-- stops also where the scan that shows it would be too weak to pass.
-- A finding is excepted by a waiver that names its rule or fingerprint. One that is suppressed in
-- the tool alone does not stop, and does not pass either: nobody of the organisation waived it.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.scan_max_age_hours' AS BIGINT) * INTERVAL 1 HOUR AS max_age,
        from_json(parameters -> '$.blocking_severities', '["VARCHAR"]') AS severities,
        from_json(parameters -> '$.required_scanners', '["VARCHAR"]') AS scanners,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'VUL-01'
),

wanted AS (
    SELECT
        q.variant, q.max_age, q.least, s.deployment_key, s.slot, s.is_known,
        unnest(q.scanners) AS kind
    FROM asked AS q
    CROSS JOIN deployment_slots AS s
    INNER JOIN production_deployments AS d USING (deployment_key)
    WHERE d.in_window
),

-- How far each scan goes: 9 is enough, 4 to 8 may be, below that is not.
weighed AS (
    SELECT
        w.variant,
        w.deployment_key,
        w.slot,
        w.kind,
        w.is_known,
        s.position,
        s.assurance,
        CASE
            WHEN s.position IS NULL THEN 0
            WHEN s.timing = 'after' THEN 1
            WHEN NOT coalesce(s.ran AND s.ran_whole, FALSE) THEN 2
            WHEN d.began_at - s.occurred_at > w.max_age THEN 3
            WHEN s.kind IS NULL THEN 4
            WHEN NOT s.is_full THEN 5
            WHEN s.timing = 'undated' THEN 6
            WHEN s.timing = 'recorded afterwards' THEN 7
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], s.assurance) < w.least
                THEN 8
            ELSE 9
        END AS weight
    FROM wanted AS w
    INNER JOIN production_deployments AS d USING (deployment_key)
    LEFT JOIN deployment_scans AS s
        ON w.deployment_key = s.deployment_key AND w.kind = coalesce(s.kind, w.kind)
        AND s.slot IS NOT DISTINCT FROM w.slot
),

best AS (
    SELECT
        variant,
        deployment_key,
        slot,
        kind,
        bool_and(is_known) AS is_known,
        max(weight) AS weight,
        arg_max(assurance, (weight, position)) AS assurance,
        arg_max(position, (weight, position)) AS position
    FROM weighed
    GROUP BY variant, deployment_key, slot, kind
),

found AS (
    SELECT
        b.variant,
        b.deployment_key,
        b.slot,
        b.kind,
        bool_or(blocks AND NOT f.suppressed AND f.waiver_positions IS NULL) AS stopped,
        bool_or(blocks AND f.suppressed AND f.waiver_positions IS NULL) AS suppressed,
        bool_or(NOT blocks AND NOT f.suppressed AND f.waiver_positions IS NULL AND f.basis <> 'none')
            AS ungraded,
        bool_or(f.basis = 'none') AS unknown,
        bool_or(f.waiver_positions IS NOT NULL) AS waived,
        list_distinct(flatten(list(list_append(coalesce(f.waiver_positions, []), f.position))))
            AS positions
    FROM best AS b
    INNER JOIN (SELECT variant, severities FROM asked) AS q USING (variant)
    INNER JOIN deployment_findings AS f
        ON b.deployment_key = f.deployment_key AND b.kind = coalesce(f.kind, b.kind)
        AND f.slot IS NOT DISTINCT FROM b.slot,
    LATERAL (SELECT f.basis <> 'none' AND list_contains(q.severities, f.severity) AS blocks)
    WHERE blocks OR f.severity = 'unknown'
    GROUP BY ALL
),

-- One word a deployment, digest and scanner: 1 violates, 2 is too little, 3 is excepted, 4 will do.
told AS (
    SELECT
        b.variant,
        b.deployment_key,
        b.assurance,
        list_concat(
            CASE WHEN b.position IS NOT NULL THEN [b.position] ELSE [] END, coalesce(f.positions, [])
        ) AS positions,
        CASE
            WHEN f.stopped THEN {'level': 1, 'reason': 'a blocking finding is open'}
            WHEN NOT d.is_dated AND b.weight > 0
                THEN {'level': 2, 'reason': 'the deployment has no time of its own'}
            WHEN NOT b.is_known THEN {'level': 2, 'reason': 'nobody says what was deployed'}
            WHEN b.weight = 0 AND (SELECT count(*) FROM scan_facts) = 0
                THEN {'level': 2, 'reason': 'this ledger knows of no scan at all'}
            WHEN b.weight = 0 THEN {'level': 1, 'reason': 'not scanned'}
            WHEN b.weight = 1 THEN {'level': 1, 'reason': 'scanned after it began'}
            WHEN b.weight = 2 THEN {'level': 1, 'reason': 'the scanner did not run to its end'}
            WHEN b.weight = 3 THEN {'level': 1, 'reason': 'the scan was too old'}
            WHEN b.weight = 4 THEN {'level': 2, 'reason': 'nobody says of which kind the scan is'}
            WHEN b.weight = 5 THEN {'level': 2, 'reason': 'nothing shows that all of it was scanned'}
            WHEN b.weight = 6 THEN {'level': 2, 'reason': 'the scan has no time of its own'}
            WHEN b.weight = 7 THEN {'level': 2, 'reason': 'the scan was recorded afterwards'}
            WHEN b.weight = 8 THEN {'level': 2, 'reason': 'the scan is too weakly assured'}
            WHEN f.unknown THEN {'level': 2, 'reason': 'nobody knows what the scan found'}
            WHEN f.ungraded THEN {'level': 2, 'reason': 'nobody says how grave a finding is'}
            WHEN f.suppressed
                THEN {'level': 2, 'reason': 'a blocking finding is suppressed, but not waived'}
            WHEN f.waived THEN {'level': 3, 'reason': 'waived: a blocking finding is open'}
            ELSE {'level': 4, 'reason': 'scanned, without an open blocking finding'}
        END AS word
    FROM best AS b
    INNER JOIN production_deployments AS d USING (deployment_key)
    LEFT JOIN found AS f
        ON b.variant = f.variant AND b.deployment_key = f.deployment_key AND b.kind = f.kind
        AND b.slot IS NOT DISTINCT FROM f.slot
),

decided AS (
    SELECT
        variant,
        deployment_key,
        min(word) AS word,
        min(list_position(['imported', 'asserted', 'observed', 'decided'], assurance)) AS strength,
        flatten(list(positions)) AS positions
    FROM told
    GROUP BY variant, deployment_key
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
    ['violated', 'insufficient-evidence', 'excepted', 'satisfied'][t.word.level] AS outcome,
    t.word.reason AS reason,
    ['imported', 'asserted', 'observed', 'decided'][least(
        list_position(['imported', 'asserted', 'observed', 'decided'], d.assurance), t.strength
    )] AS assurance,
    list_concat(d.positions, t.positions) AS positions
FROM decided AS t
INNER JOIN production_deployments AS d USING (deployment_key)
