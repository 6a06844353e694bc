-- VUL-02: were findings mended in time?
-- A finding must be gone (a full scan of the same does not show it any more) within the days that
-- its severity gives it, counted from the scan that showed it first; one that came back is judged
-- each time. Beyond that it is excepted only while waivers hold without a break. Open within its
-- limit it is satisfied so far. What the tool alone suppressed is neither closed nor waived.
-- Findings of baselines and of policies have tests of their own (CFG-01, POL-01).
WITH asked AS (
    SELECT
        variant,
        TRY_CAST(parameters -> '$.sla_days' AS MAP(VARCHAR, BIGINT)) AS sla_days,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'VUL-02'
),

seen AS (
    SELECT
        f.*,
        n.now,
        -- Nothing is seen after it was recorded: a later claim would make the limit longer.
        least(f.opened_at, o.recorded_at) AS since,
        CASE WHEN f.closed_at <= n.now THEN f.closed_at END AS gone_at,
        CASE WHEN f.closed_at <= n.now THEN c.position END AS gone_position,
        c.recorded_at AS gone_recorded_at,
        coalesce(c.time_basis, 'source') IN ('source', 'caller') AS is_dated,
        c.assurance AS gone_assurance,
        o.assurance
    FROM finding_episodes AS f
    CROSS JOIN control_now AS n
    CROSS JOIN parameters AS p
    INNER JOIN scan_facts AS o ON f.opened_position = o.position
    LEFT JOIN scan_facts AS c ON f.closed_position = c.position
    WHERE f.opened_at < p.window_to
        AND (f.closed_at IS NULL OR f.closed_at >= p.window_from)
        AND f.kind NOT IN ('baseline', 'policy')
),

limited AS (
    SELECT
        q.variant,
        s.*,
        s.since + q.sla_days[s.severity] * INTERVAL 1 DAY AS due,
        least(s.gone_at, s.now) AS until,
        list_position(['imported', 'asserted', 'observed', 'decided'], s.gone_assurance) < q.least
            AS is_weak
    FROM asked AS q
    CROSS JOIN seen AS s
),

excepted AS (
    SELECT l.variant, l.finding_key, l.episode, any_value(e.positions) AS positions
    FROM limited AS l
    INNER JOIN finding_exceptions AS e USING (finding_key)
    WHERE e.waived_from <= l.due
        AND CASE WHEN l.gone_at IS NULL THEN e.waived_until > l.now ELSE e.waived_until >= l.gone_at END
    GROUP BY l.variant, l.finding_key, l.episode
),

told AS (
    SELECT
        l.*,
        e.positions AS waiver_positions,
        CASE
            WHEN l.redacted
                THEN {'outcome': 'insufficient-evidence', 'reason': 'what was found is redacted'}
            WHEN coalesce(l.severity, 'unknown') = 'unknown' AND l.due IS NULL
                THEN {'outcome': 'insufficient-evidence', 'reason': 'nobody says how grave it is'}
            WHEN l.due IS NULL
                THEN {'outcome': 'not-applicable', 'reason': 'no limit for findings of this severity'}
            WHEN l.gone_at > l.due AND e.positions IS NULL
                THEN {'outcome': 'violated', 'reason': 'closed late'}
            WHEN l.gone_at IS NULL AND l.now > l.due AND e.positions IS NULL
                AND l.suppressed
                THEN {'outcome': 'insufficient-evidence', 'reason': 'suppressed, but not waived'}
            WHEN l.gone_at IS NULL AND l.now > l.due AND e.positions IS NULL
                THEN {'outcome': 'violated', 'reason': 'open beyond its limit'}
            WHEN l.gone_at IS NULL AND l.now <= l.due
                THEN {'outcome': 'satisfied', 'reason': 'open, within its limit'}
            WHEN l.gone_at IS NULL
                THEN {'outcome': 'excepted', 'reason': 'waived: open beyond its limit'}
            WHEN l.gone_at > l.due THEN {'outcome': 'excepted', 'reason': 'waived: closed late'}
            WHEN NOT l.is_dated THEN {
                'outcome': 'insufficient-evidence',
                'reason': 'the scan that closed it has no time of its own'
            }
            WHEN l.gone_recorded_at > l.due
                AND l.gone_recorded_at > l.gone_at + (SELECT max_ingest_delay FROM control_settings)
                THEN {
                    'outcome': 'insufficient-evidence',
                    'reason': 'the scan that closed it was recorded afterwards'
                }
            WHEN l.is_weak THEN {
                'outcome': 'insufficient-evidence',
                'reason': 'the scan that closed it is too weakly assured'
            }
            ELSE {'outcome': 'satisfied', 'reason': 'closed in time'}
        END AS word
    FROM limited AS l
    LEFT JOIN excepted AS e USING (variant, finding_key, episode)
)

SELECT
    t.variant,
    t.finding_key || CASE WHEN t.episode < t.episodes THEN ' (' || t.episode || ')' ELSE '' END
        AS item_key,
    'finding' AS item,
    coalesce(t.service, CASE WHEN len(t.services) = 1 THEN t.services[1] END) AS service,
    v.team,
    t.environment,
    t.repository,
    CASE WHEN t.artifact IS NULL THEN [] ELSE [t.artifact] END AS artifacts,
    -- Where the limit passed in the window, that is when; else where it was found or the window
    -- began.
    greatest(
        CASE WHEN t.word.outcome IN ('violated', 'excepted') THEN t.due ELSE t.since END, p.window_from
    ) AS occurred_at,
    t.word.outcome AS outcome,
    t.word.reason AS reason,
    coalesce(
        CASE WHEN t.word.reason = 'closed in time' THEN t.gone_assurance END, t.assurance
    ) AS assurance,
    list_concat(
        [
            one FOR one IN [t.opened_position, t.last_position, t.gone_position] IF one IS NOT NULL
        ],
        coalesce(t.waiver_positions, [])
    ) AS positions
FROM told AS t
CROSS JOIN parameters AS p
LEFT JOIN service_registrations AS v
    ON coalesce(t.service, CASE WHEN len(t.services) = 1 THEN t.services[1] END) = v.service
    AND t.since >= v.effective_from AND t.since < v.effective_until
