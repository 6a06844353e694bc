-- SEC-04: was no secret exposed, or what was exposed revoked?
-- Every scan for secrets in the window. What it found must be waived by rule or fingerprint; that
-- it was revoked no field ties to a finding, so where the ledger knows of a secret of the same
-- service that was revoked or rotated on suspicion in time, that is too little to tell, and where
-- it knows of none, nothing was.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.revoke_max_hours' AS BIGINT) * INTERVAL 1 HOUR AS within,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'SEC-04'
),

scanned AS (
    SELECT s.*, least(f.occurred_at, f.recorded_at) AS found_at
    FROM scans AS s
    INNER JOIN scan_facts AS f USING (position)
    WHERE s.kind = 'secret'
),

hits AS (
    SELECT
        row_number() OVER () AS row,
        s.position,
        c.rule,
        c.fingerprint,
        c.suppressed,
        c.basis
    FROM scanned AS s
    INNER JOIN scan_contents AS c USING (position)
    WHERE c.found > 0 OR c.basis = 'none'
),

names AS (
    SELECT row, position, 'rule' AS kind, rule AS name FROM hits
    UNION ALL
    SELECT row, position, 'fingerprint', fingerprint FROM hits
),

waived AS (
    SELECT n.row, flatten(list(w.positions)) AS positions
    FROM names AS n
    INNER JOIN finding_waivers AS w USING (kind, name)
    INNER JOIN scanned AS s USING (position)
    WHERE s.found_at >= w.holds_from AND s.found_at < w.holds_until
        AND (len(w.controls) = 0 OR list_contains(w.controls, 'SEC-04'))
        AND (len(w.services) = 0 OR len(s.services) > 0 AND list_has_all(w.services, s.services))
        AND (len(w.environments) = 0 OR list_contains(w.environments, s.environment))
        AND (len(w.artifacts) = 0 OR list_contains(w.artifacts, s.artifact))
    GROUP BY n.row
),

found AS (
    SELECT
        h.position,
        bool_or(h.basis = 'none') AS is_unknown,
        bool_or(h.basis <> 'none' AND NOT h.suppressed AND w.row IS NULL) AS is_live,
        bool_or(h.suppressed AND w.row IS NULL) AS is_suppressed,
        bool_or(w.row IS NOT NULL) AS is_waived,
        coalesce(flatten(list(w.positions) FILTER (WHERE w.row IS NOT NULL)), []) AS positions
    FROM hits AS h
    LEFT JOIN waived AS w USING (row)
    GROUP BY h.position
),

-- The first secret that was made useless on suspicion after each scan.
answered AS (
    SELECT s.position, s.found_at, r.since, r.position AS revoked_position
    FROM (SELECT position, found_at, unnest(services) AS service FROM scanned) AS s
    ASOF JOIN (
        SELECT service, least(occurred_at, recorded_at) AS since, position
        FROM secret_facts
        WHERE what IN ('revoked', 'rotated') AND suspected_compromise AND service IS NOT NULL
    ) AS r ON s.service = r.service AND s.found_at <= r.since
),

told AS (
    SELECT
        q.variant,
        s.*,
        coalesce(f.positions, []) AS waiver_positions,
        a.revoked_position,
        CASE
            WHEN f.is_live AND a.since <= s.found_at + q.within THEN {
                'level': 2, 'reason': 'a secret was revoked, but nothing says that it was this one'
            }
            WHEN f.is_live AND n.now <= s.found_at + q.within
                THEN {'level': 4, 'reason': 'a secret was found; its time is not over yet'}
            WHEN f.is_live THEN {'level': 1, 'reason': 'a secret was found, and none was revoked'}
            WHEN s.outcome IS DISTINCT FROM 'success' OR s.errors > 0
                THEN {'level': 1, 'reason': 'the scanner did not run to its end'}
            WHEN f.is_unknown THEN {'level': 2, 'reason': 'nobody knows what the scan found'}
            WHEN f.is_suppressed
                THEN {'level': 2, 'reason': 'a secret was found and suppressed, but not waived'}
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], s.assurance) < q.least
                THEN {'level': 2, 'reason': 'it is too weakly assured'}
            WHEN f.is_waived THEN {'level': 3, 'reason': 'waived: a secret was found'}
            ELSE {'level': 5, 'reason': 'no secret was found'}
        END AS word
    FROM asked AS q
    CROSS JOIN scanned AS s
    CROSS JOIN control_now AS n
    LEFT JOIN found AS f USING (position)
    LEFT JOIN (
        SELECT position, min(since) AS since, arg_min(revoked_position, since) AS revoked_position
        FROM answered
        GROUP BY position
    ) AS a USING (position)
)

SELECT
    t.variant,
    'scan ' || t.position AS item_key,
    'scan for secrets' AS item,
    coalesce(t.service, CASE WHEN len(t.services) = 1 THEN t.services[1] END) AS service,
    t.environment,
    t.repository,
    CASE WHEN t.artifact IS NULL THEN [] ELSE [t.artifact] END AS artifacts,
    t.found_at AS occurred_at,
    ['violated', 'insufficient-evidence', 'excepted', 'not-applicable', 'satisfied'][t.word.level]
        AS outcome,
    t.word.reason AS reason,
    t.assurance,
    list_concat(
        [one FOR one IN [t.position, t.revoked_position] IF one IS NOT NULL], t.waiver_positions
    ) AS positions
FROM told AS t
CROSS JOIN parameters AS p
WHERE t.found_at >= p.window_from AND t.found_at < p.window_to
