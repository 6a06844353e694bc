-- Scans of hardening baselines: one row a scan, with what it looked at. `ran` to its end, `stands`
-- until a later one of the same tool and thing takes it back: a whole one that ran, is as well
-- assured, and shown to be of its time as well as that one is.
-- Images have another tag with each build, which is no other target. Of what it lists, `failed` are
-- those that did, and manual is what somebody has to look at; what passed is neither. The profile
-- is told in small letters, its words parted by spaces, since ids part them otherwise than titles.
WITH listed AS (
    SELECT
        position,
        c.rule,
        c.fingerprint,
        CASE
            WHEN c.basis = 'none' THEN 'unknown'
            WHEN c.found = 0 THEN 'fine'
            WHEN lower(c.status) IN (
                'pass', 'passed', 'ok', 'success', 'compliant', 'skip', 'skipped', 'info', 'note',
                'not applicable', 'not_applicable', 'notapplicable', 'notselected', 'disabled', 'muted'
            ) THEN 'fine'
            WHEN lower(c.status) IN (
                'manual', 'warn', 'warning', 'review', 'unknown', 'not_reviewed', 'not reviewed',
                'notreviewed', 'notchecked', 'informational'
            ) THEN 'manual'
            WHEN c.status IS NULL AND c.severity = 'info' THEN 'fine'
            WHEN c.suppressed THEN 'suppressed'
            ELSE 'failed'
        END AS state
    FROM scan_facts AS s
    INNER JOIN scan_contents AS c USING (position)
    WHERE s.kind = 'baseline'
),

summed AS (
    SELECT
        position,
        bool_or(state = 'unknown') AS is_unknown,
        bool_or(state = 'manual') AS has_manual,
        bool_or(state = 'suppressed') AS has_suppressed,
        list({'rule': rule, 'fingerprint': fingerprint}) FILTER (WHERE state = 'failed') AS failed
    FROM listed
    GROUP BY position
),

scanned AS (
    SELECT
        s.position,
        least(s.occurred_at, s.recorded_at) AS scanned_at,
        coalesce(
            CASE
                WHEN s.artifact IS NULL THEN s.target
                ELSE regexp_replace(regexp_replace(s.target, '@[a-z0-9]+:.*$', ''), ':[^:/]+$', '')
            END,
            s.environment, s.service, s.artifact, s.repository, s.source
        ) AS scanned,
        s.service,
        s.environment,
        s.tool,
        s.outcome = 'success' AS ran,
        s.outcome = 'success' AND s.extent IS DISTINCT FROM 'changes' AS is_whole,
        s.benchmark,
        regexp_replace(
            regexp_replace(lower(s.profile), '[-_ ]+', ' ', 'g'), '\bl(evel)?([0-9])\b', 'level \2', 'g'
        ) AS profile,
        s.assurance,
        CASE
            WHEN coalesce(s.time_basis, 'source') NOT IN ('source', 'caller')
                THEN 'the scan has no time of its own'
            WHEN s.recorded_at > s.occurred_at + (SELECT max_ingest_delay FROM control_settings)
                THEN 'the scan was recorded afterwards'
        END AS weakness,
        coalesce(l.is_unknown, FALSE) AS is_unknown,
        coalesce(l.has_manual, FALSE) AS has_manual,
        coalesce(l.has_suppressed, FALSE) AS has_suppressed,
        coalesce(l.failed, []) AS failed
    FROM scan_facts AS s
    LEFT JOIN summed AS l USING (position)
    WHERE s.kind = 'baseline' AND s.outcome IS NOT NULL AND s.occurred_at IS NOT NULL
)

SELECT
    s.*,
    regexp_extract(s.profile, '\blevel ([0-9])', 1) AS level,
    coalesce(s.environment, '') || ' ' || s.scanned AS scope,
    s.is_whole AND row_number() OVER (
        PARTITION BY coalesce(s.environment, ''), s.scanned, s.is_whole
        ORDER BY s.scanned_at DESC, s.position DESC
    ) = 1 AS is_newest,
    coalesce(s.scanned_at >= greatest(
        max(s.scanned_at) FILTER (WHERE s.is_whole AND s.weakness IS NULL) OVER alike,
        max(s.scanned_at) FILTER (WHERE s.is_whole) OVER as_timely
    ), TRUE) AS stands
FROM scanned AS s
CROSS JOIN control_now AS n
WHERE s.scanned_at <= n.now
WINDOW
    alike AS (
        PARTITION BY coalesce(s.environment, ''), s.scanned, s.tool
        ORDER BY list_position(['imported', 'asserted', 'observed', 'decided'], s.assurance) DESC
        RANGE UNBOUNDED PRECEDING
    ),
    as_timely AS (
        PARTITION BY coalesce(s.environment, ''), s.scanned, s.tool, s.weakness
        ORDER BY list_position(['imported', 'asserted', 'observed', 'decided'], s.assurance) DESC
        RANGE UNBOUNDED PRECEDING
    )
