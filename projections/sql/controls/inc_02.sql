-- INC-02: were authorities told in time of what had to be told?
-- Every incident that somebody called notifiable, and every one of personal data, which somebody
-- has to call so or not, as long as it could still be told in time: afterwards nobody calls it off.
-- The time runs from when it was known: as is said, else from when it was noticed; no later than
-- the ledger had that. Where a first warning is wanted, one message alone does not show that more
-- than the warning was told.
-- Not judged: reasons for a delay, since that text is sealed; a waiver can except it.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.limit_hours' AS BIGINT) * INTERVAL 1 HOUR AS within,
        CAST(parameters ->> '$.early_warning_hours' AS BIGINT) * INTERVAL 1 HOUR AS warned_within,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'INC-02'
),

assessed AS (
    SELECT
        source || ' ' || incident AS incident_key,
        arg_max(notifiable, position) AS notifiable,
        bool_or(notifiable) AS ever_notifiable,
        min(CASE WHEN aware_at IS NOT NULL THEN least(aware_at, recorded_at) END) AS aware_at
    FROM incident_facts
    WHERE incident IS NOT NULL
    GROUP BY ALL
),

notified AS (
    SELECT
        source || ' ' || incident AS incident_key,
        min(CASE WHEN aware_at IS NOT NULL THEN least(aware_at, recorded_at) END) AS aware_at,
        min(least(coalesce(notified_at, occurred_at), recorded_at)) AS notified_at,
        arg_min(recorded_at, coalesce(notified_at, occurred_at)) AS recorded_at,
        arg_min(assurance, coalesce(notified_at, occurred_at)) AS assurance,
        list(DISTINCT least(coalesce(notified_at, occurred_at), recorded_at)) AS messages,
        list(position ORDER BY position) AS positions
    FROM breach_facts
    WHERE incident IS NOT NULL
    GROUP BY ALL
),

told AS (
    SELECT
        q.variant,
        i.*,
        coalesce(b.assurance, 'asserted') AS assurance,
        coalesce(b.positions, []) AS breach_positions,
        least(a.aware_at, b.aware_at) AS said_aware_at,
        coalesce(
            least(a.aware_at, b.aware_at), s.detected_at, least(i.started_at, s.recorded_at)
        ) AS known_at,
        b.notified_at,
        b.recorded_at,
        b.messages,
        a.notifiable,
        a.ever_notifiable,
        q.within,
        q.warned_within,
        list_position(['imported', 'asserted', 'observed', 'decided'], b.assurance) < q.least AS is_weak
    FROM asked AS q
    CROSS JOIN incidents AS i
    LEFT JOIN assessed AS a USING (incident_key)
    LEFT JOIN notified AS b USING (incident_key)
    LEFT JOIN incident_stages AS s USING (incident_key)
    WHERE NOT i.derived
        AND (a.ever_notifiable OR i.category = 'privacy' OR b.incident_key IS NOT NULL)
),

-- The last word on whether it is to be told, of those that came in time.
called AS (
    SELECT
        t.variant,
        t.incident_key,
        arg_max(f.notifiable, f.position) AS called,
        arg_max(f.recorded_at, f.position) > any_value(t.known_at + t.within)
        AND arg_max(f.recorded_at - f.occurred_at, f.position)
        > (SELECT max_ingest_delay FROM control_settings) AS is_hindsight
    FROM told AS t
    INNER JOIN incident_facts AS f ON t.incident_key = f.source || ' ' || f.incident
    WHERE f.notifiable IS NOT NULL AND least(f.occurred_at, f.recorded_at) <= t.known_at + t.within
    GROUP BY t.variant, t.incident_key
),

judged AS (
    SELECT
        t.*,
        CASE
            WHEN t.notified_at IS NULL AND t.notifiable = FALSE AND c.called = FALSE
                AND c.is_hindsight
                THEN {'level': 2, 'reason': 'that it was assessed was recorded afterwards'}
            WHEN t.notified_at IS NULL AND t.notifiable = FALSE AND c.called = FALSE
                THEN {'level': 3, 'reason': 'assessed as nothing to be told'}
            WHEN t.notified_at IS NULL AND n.now <= t.known_at + t.within
                AND coalesce(n.now <= t.known_at + t.warned_within, TRUE)
                THEN {'level': 3, 'reason': 'not due yet'}
            WHEN t.notified_at IS NULL AND t.notifiable IS NULL
                THEN {'level': 1, 'reason': 'nobody assessed whether it is to be told'}
            WHEN t.notified_at IS NULL AND c.called IS NULL AND t.notifiable = FALSE
                AND t.said_aware_at IS NULL
                THEN {'level': 2, 'reason': 'nobody says when it was known'}
            WHEN t.notified_at IS NULL AND c.called IS NULL AND t.notifiable = FALSE
                THEN {'level': 1, 'reason': 'assessed too late'}
            WHEN t.notified_at IS NULL THEN {'level': 1, 'reason': 'nobody was told'}
            WHEN t.notified_at > t.known_at + t.warned_within
                THEN {'level': 1, 'reason': 'the first warning was late'}
            WHEN t.notified_at > t.known_at + t.within THEN {'level': 1, 'reason': 'told late'}
            WHEN t.recorded_at > t.known_at + t.within AND t.recorded_at
                > t.notified_at + (SELECT max_ingest_delay FROM control_settings)
                THEN {'level': 2, 'reason': 'that it was told was recorded afterwards'}
            WHEN t.said_aware_at IS NULL
                THEN {'level': 2, 'reason': 'nobody says when it was known'}
            WHEN t.is_weak THEN {'level': 2, 'reason': 'it is too weakly assured'}
            WHEN t.warned_within IS NULL
                OR len([one FOR one IN t.messages IF one <= t.known_at + t.within]) > 1
                THEN {'level': 4, 'reason': 'told in time'}
            WHEN n.now <= t.known_at + t.within
                THEN {'level': 3, 'reason': 'a first warning was given, and more is not due yet'}
            ELSE {'level': 2, 'reason': 'nobody says that more than a first warning was told'}
        END AS word
    FROM told AS t
    CROSS JOIN control_now AS n
    LEFT JOIN called AS c USING (variant, incident_key)
)

SELECT
    j.variant,
    j.incident_key AS item_key,
    'incident' AS item,
    j.service,
    j.team,
    j.environment,
    j.repositories[1] AS repository,
    CAST([] AS VARCHAR[]) AS artifacts,
    j.known_at AS occurred_at,
    ['violated', 'insufficient-evidence', 'not-applicable', 'satisfied'][j.word.level] AS outcome,
    j.word.reason AS reason,
    j.assurance,
    list_concat(j.positions, j.breach_positions) AS positions
FROM judged AS j
CROSS JOIN parameters AS p
WHERE j.known_at >= p.window_from AND j.known_at < p.window_to
